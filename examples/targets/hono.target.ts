/** Hono with streamSSE and @hono/node-server: https://hono.dev/docs/helpers/streaming */
import { defineTarget } from 'pushbench';

export default defineTarget({
  name: 'hono',
  title: 'Hono',
  start: { command: ['node', 'hono-server.mjs'] },
  sse: { url: 'http://127.0.0.1:{port}/events', events: ['news'] },
  publish: { post: { url: 'http://127.0.0.1:{port}/publish', body: '{message}' } },
});
