/** better-sse, on the HTTP server of Node: https://github.com/MatthewWid/better-sse */
import { defineTarget } from 'pushbench';

export default defineTarget({
  name: 'better-sse',
  start: { command: ['node', 'better-sse-server.mjs'] },
  sse: { url: 'http://127.0.0.1:{port}/events', events: ['news'] },
  publish: { post: { url: 'http://127.0.0.1:{port}/publish', body: '{message}' } },
});
