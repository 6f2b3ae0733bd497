/**
 * Socket.IO over WebSocket, without the long polling it begins with otherwise. Each message is a packet of
 * Engine.IO (first digit: 0 open, 2 ping, 3 pong, 4 message), and in a message one of Socket.IO (second digit:
 * 0 connect, 2 event): https://socket.io/docs/v4/engine-io-protocol/
 */
import { defineTarget } from 'pushbench';

export default defineTarget({
  name: 'socket-io',
  title: 'Socket.IO',
  start: { command: ['node', 'socket-io-server.mjs'] },
  ws: {
    url: 'ws://127.0.0.1:{port}/socket.io/?EIO=4&transport=websocket',
    opening: [{ await: '^0\\{' }, { send: '40' }, { await: '^40\\{"sid":' }],
    replies: [{ when: '2', send: '3' }],
  },
  publish: { post: { url: 'http://127.0.0.1:{port}/publish', body: '{message}' } },
});
