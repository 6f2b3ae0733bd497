/**
 * What `probe` reports of paths whose delays and timers are known: ours to ± 0.2 s, those of real proxies to
 * ± 0.3 s, delays to + 15 ms. Tests run beside each other, since most of them wait.
 */
import type { TestContext } from 'vitest';
import { describe, expect, test } from 'vitest';
import type { Silent, StreamKind } from '../../core/records/probe.ts';
import { measureIdleCut } from '../../loadgen/probing/idle-cut.ts';
import type { PathFaults } from '../probe-path.ts';
import { startPath } from '../probe-path.ts';
import { endpointAt, probeJson, startProbe } from '../probe-run.ts';
import { programOf, startReal } from '../real-proxy.ts';
import { startStreaming } from '../streaming-server.ts';
import { startTestOrigin } from '../test-origin.ts';

const TRANSPORTS = ['sse', 'ws'] as const satisfies readonly StreamKind[];

async function addressThrough(
  faults: PathFaults | undefined,
  transport: StreamKind,
  query: string,
  { onTestFinished }: TestContext,
): Promise<string> {
  const server = await startStreaming(undefined, onTestFinished);
  const port =
    faults === undefined ? server.port : await startPath(server.port, faults, onTestFinished);
  return transport === 'sse'
    ? `http://127.0.0.1:${port}/events?${query}`
    : `ws://127.0.0.1:${port}/socket?${query}`;
}

describe('a path of ours', () => {
  test.concurrent.for(TRANSPORTS)(
    '%s direct: no delay, no clumping, no cut',
    async (transport, context) => {
      const address = await addressThrough(undefined, transport, 'every=100&stamp', context);
      const found = await probeJson(address, '--max', '6s');
      expect(found.idle.verdict).toMatchObject({ kind: 'none', cuts: 0 });
      expect(found.events).toMatchObject({ verdict: 'apart', clumped: 0, groupSize: 1 });
      expect(found.events.events).toBeGreaterThan(50);
      expect(found.stampLagMs).toBeGreaterThan(-2);
      expect(found.stampLagMs).toBeLessThan(15);
    },
  );

  test.concurrent.for(TRANSPORTS)('%s: 40 ms later', async (transport, context) => {
    const address = await addressThrough({ delayMs: 40 }, transport, 'every=100&stamp', context);
    const found = await probeJson(address, '--max', '4s');
    expect(found.events).toMatchObject({ verdict: 'apart', clumped: 0 });
    expect(found.stampLagMs).toBeGreaterThan(38);
    expect(found.stampLagMs).toBeLessThan(55);
    if (transport === 'ws') expect(found.pingMs).toBeGreaterThanOrEqual(39);
    if (transport === 'ws') expect(found.pingMs).toBeLessThan(60);
  });

  test.concurrent.for(TRANSPORTS)(
    '%s: clumps of three, told by the times of events',
    async (transport, context) => {
      const address = await addressThrough({ clump: 3 }, transport, 'every=100&stamp', context);
      // Pings would wait for company as well, so there is time for three of them to be given up.
      const found = await probeJson(address, '--max', '6s');
      expect(found.events).toMatchObject({
        verdict: 'clumped',
        evidence: 'send-times',
        groupSize: 3,
      });
      expect(found.events.heldMs).toBeGreaterThan(180);
      expect(found.events.heldMs).toBeLessThan(260);
      expect(found.events.everyMs).toBeGreaterThan(280);
      expect(found.events.everyMs).toBeLessThan(330);
    },
  );

  test.concurrent.for(TRANSPORTS)(
    '%s: clumps of three without times are not called a fault',
    async (transport, context) => {
      const address = await addressThrough({ clump: 3 }, transport, 'every=100', context);
      const found = await probeJson(address, '--max', '4s');
      expect(found.events).toMatchObject({ verdict: 'unknown', evidence: 'none', groupSize: 3 });
    },
  );

  test.concurrent.for([
    ['server', 'It is the silence of the server that counts'],
    ['both', 'What the client says keeps it open'],
  ] as const)('ws: a cut after 2 s in which %s was silent', async ([of, says], context) => {
    const address = await addressThrough({ idle: { of, ms: 2_000 } }, 'ws', '', context);
    const run = startProbe([address, '--max', '8s']);
    expect(await run.code).toBe(0);
    const ms = /Cut after ([\d.]+) s of silence/.exec(run.out())?.[1];
    expect(Math.abs(Number(ms) - 2)).toBeLessThanOrEqual(0.2);
    expect(run.out()).toContain(says);
    expect(run.out()).toContain('ping every 1.00 s');
  });

  test.concurrent('ws: a cut after 2 s in which the client was silent, while the server speaks', async (context) => {
    const faults = { idle: { of: 'client', ms: 2_000 }, cut: 'rst' } as const;
    const found = await probeJson(
      await addressThrough(faults, 'ws', 'every=300', context),
      '--max',
      '8s',
    );
    expect(found.idle.verdict).toMatchObject({ kind: 'cut', silent: ['client'] });
    expect(Math.abs((found.idle.verdict.cutMs ?? 0) - 2_000)).toBeLessThanOrEqual(200);
  });

  test.concurrent('sse: a cut after 2 s of silence, which could be age, since nothing is ever sent', async (context) => {
    const address = await addressThrough({ idle: { of: 'server', ms: 2_000 } }, 'sse', '', context);
    const found = await probeJson(address, '--max', '8s');
    expect(found.idle.verdict).toMatchObject({ kind: 'cut', maybeAge: true, cuts: 4 });
    expect(Math.abs((found.idle.verdict.cutMs ?? 0) - 2_000)).toBeLessThanOrEqual(200);
    expect(found.idle.watches.map(({ end }) => end.how)).toEqual(['fin', 'fin', 'fin', 'fin']);
  });
});

const nginx = `
daemon off;
worker_processes 1;
pid {folder}/pid;
error_log stderr;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  server {
    listen {listen};
    location / {
      proxy_pass http://{upstream};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $http_connection;
      proxy_buffering off;
      proxy_read_timeout 5s;
    }
  }
}
`;

const haproxy = `
defaults
  mode http
  timeout connect 2s
  timeout client 4s
  timeout server 4s
  timeout tunnel 9s
frontend path
  bind {listen}
  default_backend origin
backend origin
  server one {upstream}
`;

/** The number of each, s; tolerance 0.3 s. */
const timers = [
  ['nginx', 'sse', 5, nginx],
  ['nginx', 'ws', 5, nginx],
  ['haproxy', 'sse', 4, haproxy],
  ['haproxy', 'ws', 9, haproxy],
] as const;

describe('a real proxy', () => {
  test.concurrent.for(timers)(
    '%s cuts %s after %d s, as probe sees it',
    async ([name, transport, seconds, config], context) => {
      programOf(name, context);
      const server = await startStreaming(undefined, context.onTestFinished);
      const { port } = await startReal(name, context, server.port, config);
      const address =
        transport === 'sse' ? `http://127.0.0.1:${port}/events` : `ws://127.0.0.1:${port}/socket`;
      const found = await probeJson(address, '--max', '20s');
      expect(found.idle.verdict.kind).toBe('cut');
      expect(Math.abs((found.idle.verdict.cutMs ?? 0) / 1_000 - seconds)).toBeLessThanOrEqual(0.3);
      // A heartbeat that is advised has to be one that keeps it open.
      expect(found.advice.heartbeatMs).toBeLessThanOrEqual((seconds * 1_000) / 2);
      expect(found.advice.heartbeatMs).toBeGreaterThanOrEqual(seconds * 300);
    },
  );

  test.concurrent.for(timers)(
    '%s cuts %s after %d s, with an origin of ours',
    async ([name, transport, seconds, config], context) => {
      programOf(name, context);
      const origin = await startTestOrigin(context.onTestFinished);
      const { port } = await startReal(name, context, origin.port, config);
      const directions: readonly Silent[] =
        transport === 'ws' ? ['both', 'server', 'client'] : ['both'];
      const found = await Promise.all(
        directions.map((direction) =>
          measureIdleCut({
            endpoint: endpointAt(port, transport),
            origin,
            silences: [seconds * 500, (seconds + 1) * 1_000],
            direction,
          }),
        ),
      );
      const [both, ...others] = found;
      expect(both).toMatchObject({
        survivedMs: seconds * 500,
        notSurvivedMs: (seconds + 1) * 1_000,
      });
      expect(Math.abs((both?.cutMs ?? 0) / 1_000 - seconds)).toBeLessThanOrEqual(0.3);
      // Both proxies take traffic of either side for a sign of life of a tunnel.
      for (const one of others) expect(one.notSurvivedMs).toBeUndefined();
    },
  );
});
