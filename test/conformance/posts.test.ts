/**
 * The race of keep-alive through the real proxies, against an origin that loses it for certain: what each
 * tells the client is known, and so is how many are to be counted.
 */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  forceLosses,
  NEW_CONNECTION,
  SENT_AGAIN,
} from '../../loadgen/study/posting/forced-loss.ts';
import type { Outcome } from '../../loadgen/study/posting/post-client.ts';
import { createPostClient } from '../../loadgen/study/posting/post-client.ts';
import type { Losing, PostOrigin } from '../../loadgen/study/posting/post-origin.ts';
import {
  LOSING_PATHS,
  POST_PATH,
  startPostOrigin,
} from '../../loadgen/study/posting/post-origin.ts';
import { runRace } from '../../loadgen/study/posting/race.ts';
import { startInstance } from '../../proxies/instance.ts';
import { nginx } from '../../proxies/nginx.ts';
import type { ProxyName } from '../../proxies/registry.ts';
import { proxies } from '../../proxies/registry.ts';
import { instanceOptions } from '../real-proxy.ts';

const TIMES = 5;
const TIMEOUT_MS = 5_000;
const KEEP_ALIVE_MS = 2_000;
const losings = Object.keys(LOSING_PATHS) as Losing[];

async function startOrigin(keepAliveMs = 0): Promise<PostOrigin> {
  const origin = await startPostOrigin({ keepAliveMs });
  onTestFinished(() => origin.close());
  return origin;
}

const urlOf = (port: number): URL => new URL(`http://127.0.0.1:${port}`);

const forced = (url: URL, how: Losing) =>
  forceLosses(how, {
    url,
    times: TIMES,
    timeoutMs: TIMEOUT_MS,
    signal: new AbortController().signal,
  });

/** What each does by itself with a POST that met the end of a connection, as it is recommended. */
const TOLD: Readonly<Record<ProxyName, string>> = {
  nginx: '502',
  // Whoever has had an answer on this connection before is expected to try again.
  haproxy: 'hung up',
  caddy: '502',
  apache: 'hung up',
};

describe.each(Object.keys(proxies) as ProxyName[])('%s', (name) => {
  test('tells of a lost POST as it does, and each that is told of was lost', async (context) => {
    const origin = await startOrigin();
    const proxy = proxies[name];
    const instance = await startInstance(
      instanceOptions(name, context, origin.port, proxy.config(proxy.presets.recommended, false)),
    );
    onTestFinished(() => instance.stop());
    for (const [index, how] of losings.entries()) {
      expect([...(await forced(urlOf(instance.port), how))], how).toEqual([[TOLD[name], TIMES]]);
      expect(origin.lost).toBe(TIMES * (index + 1));
    }
  });
});

test('nginx as it is has a connection for each POST, so that none meets the end of one', async (context) => {
  const origin = await startOrigin();
  const instance = await startInstance(instanceOptions('nginx', context, origin.port));
  onTestFinished(() => instance.stop());
  for (const how of losings) {
    expect([...(await forced(urlOf(instance.port), how))]).toEqual([[NEW_CONNECTION, TIMES]]);
  }
  expect(origin.lost).toBe(0);
});

test('nginx that may send a POST again does so, and the client knows nothing of it', async (context) => {
  const origin = await startOrigin();
  const kept = nginx.config(nginx.presets.recommended, false);
  const again = 'proxy_next_upstream error timeout non_idempotent;';
  const template = kept.replace('proxy_pass http://origin;', (line) => `${line} ${again}`);
  const instance = await startInstance(instanceOptions('nginx', context, origin.port, template));
  onTestFinished(() => instance.stop());
  for (const how of losings) {
    expect([...(await forced(urlOf(instance.port), how))]).toEqual([[SENT_AGAIN, TIMES]]);
  }
  expect(origin.lost).toBe(TIMES * losings.length);
});

/** Nothing of it depends on time: what is lost is so because of its path. */
const RACES = [
  ['every POST on connections that were used', 'recommended', LOSING_PATHS.fin, 24],
  ['none where each has a connection of its own', 'stock', LOSING_PATHS.fin, 0],
  ['none where the server closes nothing', 'recommended', POST_PATH, 0],
] as const;

describe('a race counts what the origin lost', () => {
  test.for(RACES)('%s', async ([, preset, path, lost], context) => {
    const origin = await startOrigin();
    const template = nginx.config(nginx.presets[preset], false);
    const instance = await startInstance(instanceOptions('nginx', context, origin.port, template));
    onTestFinished(() => instance.stop());
    const attempts = await runRace({
      url: urlOf(instance.port),
      closesAfterMs: 50,
      clients: 8,
      offsets: [-2, 0, 2],
      path,
      timeoutMs: TIMEOUT_MS,
      signal: new AbortController().signal,
    });
    expect(attempts).toHaveLength(24);
    expect(origin.lost).toBe(lost);
    const expected = lost > 0 ? { how: 'status', status: 502 } : { how: 'answered' };
    for (const { offsetMs, outcome } of attempts) {
      expect(outcome).toMatchObject(expected);
      // Timers of Node leave out fractions of a millisecond, may be one early besides, and as late as they like.
      expect(offsetMs).toBeGreaterThan(-4);
    }
  });
});

test('an idle connection is closed when it was said, and not the second later that Node adds', async () => {
  const origin = await startOrigin(KEEP_ALIVE_MS);
  const client = createPostClient(urlOf(origin.port), TIMEOUT_MS);
  onTestFinished(() => client.close());
  const first = await client.post(POST_PATH);
  const second = await client.post(POST_PATH);
  expect([first.reused, second.reused]).toEqual([false, true]);
  // Both ends are in this process: one that is held up finds its timers due in their order, and then what was sent.
  const aSecondLater = pause(KEEP_ALIVE_MS + 700)
    .then(() => pause(0))
    .then(() => pause(0));
  const closed = await Promise.race([client.closed, aSecondLater]);
  expect((closed?.at ?? Number.NaN) - second.endedAt).toBeGreaterThan(KEEP_ALIVE_MS - 20);
  // The client knows, so its next POST takes another connection, and nothing is lost.
  const third = await client.post(POST_PATH);
  expect(third.reused).toBe(false);
  expect(third.outcome).toMatchObject({ how: 'answered', receipt: { connection: 2 } });
});

test.each<[string, (socket: Socket) => void, Outcome]>([
  ['that is reset', (socket) => socket.resetAndDestroy(), { how: 'hung up', code: 'ECONNRESET' }],
  ['that ends', (socket) => socket.end(), { how: 'hung up', code: 'ECONNRESET' }],
  [
    'cut short in its answer',
    (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{'),
    { how: 'hung up', code: 'ECONNRESET' },
  ],
  [
    'answered by somebody else',
    (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}'),
    { how: 'status', status: 200 },
  ],
  ['that nobody answers', () => undefined, { how: 'silent' }],
])('a POST %s is an outcome', async (_, act, outcome) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('error', () => undefined);
    socket.once('data', () => act(socket));
  }).listen({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  const timeoutMs = outcome.how === 'silent' ? 300 : 10_000;
  const client = createPostClient(urlOf((server.address() as AddressInfo).port), timeoutMs);
  onTestFinished(() => client.close());
  expect((await client.post(POST_PATH)).outcome).toEqual(outcome);
});
