/** The server of this folder as pushbench measures it: `pushbench bench broadcast --target python-server.target.mjs`. */

/** @type {import('pushbench').Target} */
export default {
  name: 'python-server',
  title: 'the Python example',
  // It takes its port from the environment, where PORT is always set. -B: no folder of compiled files.
  start: { command: ['python3', '-B', 'server.py'], ready: { output: 'serving' } },
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
