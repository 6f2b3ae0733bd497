/** A test of one's own app: everybody gets every message, and soon enough. */
import { defineTarget, run } from 'pushbench';
import { expect, test } from 'vitest';

const chat = defineTarget({
  name: 'chat',
  cwd: import.meta.dirname,
  // In the environment as PORT: the one that {port} stands for.
  start: { command: ['node', 'chat-server.mjs'] },
  sse: { url: 'http://127.0.0.1:{port}/events' },
  publish: { post: { url: 'http://127.0.0.1:{port}/messages', body: '{message}' } },
});

test('a message reaches everybody within 50 ms', async () => {
  const result = await run('broadcast', {
    target: chat,
    arms: 'sse',
    params: { clients: 20, rate: 50, warmup: '300ms', duration: '1s' },
    rounds: 2,
    // What only a comparison needs, and takes seconds.
    options: { control: 'off', 'head-room': 'off' },
  });
  expect(result.valid, result.validity.reasons.join('\n')).toBe(true);
  result.assert(['sse.reach=1', 'sse.latency.p99<50ms']);
  expect(result.metric('sse', 'delivery.lost').value).toBe(0);
}, 60_000);
