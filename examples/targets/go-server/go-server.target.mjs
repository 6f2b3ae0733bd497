/** The server of this folder as pushbench measures it: `pushbench bench broadcast --target go-server.target.mjs`. */

/** @type {import('pushbench').Target} */
export default {
  name: 'go-server',
  title: 'the Go example',
  build: ['go', 'build', '-o', 'bin/go-server', '.'],
  // It takes its port from the environment, where PORT is always set.
  start: { command: ['bin/go-server'], ready: { url: 'http://127.0.0.1:{port}/health' } },
  sse: {
    url: 'http://127.0.0.1:{port}/events?client_id=bench-{client}',
    opening: [{ await: '"type":"client_id","id":"bench-\\d+"' }],
  },
  ws: {
    url: 'ws://127.0.0.1:{port}/ws?client_id=bench-{client}',
    opening: [{ await: '"type":"client_id","id":"bench-\\d+"' }],
  },
  publish: { post: { url: 'http://127.0.0.1:{port}/broadcast', body: '{"message":"{message}"}' } },
};
