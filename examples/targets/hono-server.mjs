/** Hono with the streams of hono/streaming, on Node: what is published is written to every stream that is open. */
import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { streamSSE } from 'hono/streaming';

const app = new Hono();
const streams = new Set();

app.get('/events', (c) =>
  streamSSE(c, async (stream) => {
    streams.add(stream);
    // The stream is closed when this function is over: when the client has gone.
    await new Promise((resolve) => stream.onAbort(resolve));
    streams.delete(stream);
  }),
);

app.post('/publish', async (c) => {
  const data = await c.req.text();
  // Not waited for: one client that reads slowly would hold up everybody who publishes.
  for (const stream of streams) void stream.writeSSE({ event: 'news', data });
  return c.body(null, 204);
});

serve({ fetch: app.fetch, port: Number(process.env.PORT), hostname: '127.0.0.1' });
