/** Studies of real proxies whose time-outs are known: what is measured is what was set. */
import { readFileSync } from 'node:fs';
import type { TestContext } from 'vitest';
import { expect, test } from 'vitest';
import type { Study } from '../../core/records/study.ts';
import { studySchema } from '../../core/records/study.ts';
import type { ProxyName } from '../../proxies/registry.ts';
import { proxies } from '../../proxies/registry.ts';
import { runProgram, temporaryFolder } from '../program.ts';
import { programOf } from '../real-proxy.ts';

/** nginx moves a timer only when that makes 300 ms of difference, so it may be early by as much. */
const TOLERANCE_MS = 300;
const names = Object.keys(proxies) as ProxyName[];

async function studyOf(
  needed: readonly ProxyName[],
  context: TestContext,
  ...args: readonly string[]
): Promise<Study> {
  for (const name of needed) programOf(name, context);
  const command = ['bench', 'proxies', ...args, '--out', temporaryFolder()];
  const { code, stdout, stderr } = await runProgram(command);
  expect(code, stderr).toBe(0);
  const path = /^study {2}(.*)$/m.exec(stdout)?.[1] ?? '';
  return studySchema.parse(JSON.parse(readFileSync(path, 'utf8')));
}

function cellOf(study: Study, measure: string, route: string, transport: string) {
  const found = study.cells.find(
    (one) => one.measure === measure && one.route === route && one.transport === transport,
  );
  if (found === undefined) throw new Error(`${measure} of ${route} ${transport} was not measured`);
  return found;
}

/** The middle of the repeats. */
function figure(study: Study, measure: string, route: string, transport: string, name: string) {
  const { samples } = cellOf(study, measure, route, transport);
  const values = samples.map(({ figures }) => figures[name] ?? Number.NaN).sort((a, b) => a - b);
  return values[values.length >> 1] ?? Number.NaN;
}

test('nginx with proxy_read_timeout 5s cuts both transports after 5 s', async (context) => {
  const study = await studyOf(
    ['nginx'],
    context,
    ...['--route', 'nginx', '--proxy-preset', 'stock', '--repeats', '1', '--max', '8s'],
    ...['--proxy-set', 'nginx.proxy_read_timeout=5s', '--measure', 'idle'],
  );
  for (const transport of ['sse', 'ws']) {
    const cutMs = figure(study, 'idle', 'nginx', transport, 'both.cutMs');
    expect(Math.abs(cutMs - 5_000), `${transport} ${cutMs}`).toBeLessThanOrEqual(TOLERANCE_MS + 20);
    // A server that speaks keeps it open, however silent the client is.
    expect(figure(study, 'idle', 'nginx', transport, 'client.survivedMs')).toBe(8_000);
    expect(figure(study, 'idle', 'nginx', transport, 'client.cutMs')).toBeNaN();
  }
});

test('HAProxy: 4 s for a stream, and the 9 s of a tunnel for a WebSocket', async (context) => {
  const study = await studyOf(
    ['haproxy'],
    context,
    ...['--route', 'haproxy', '--proxy-preset', 'recommended', '--repeats', '1', '--max', '11s'],
    ...['--proxy-set', 'haproxy.timeout client=4s', '--proxy-set', 'haproxy.timeout server=4s'],
    ...['--proxy-set', 'haproxy.timeout tunnel=9s', '--measure', 'idle'],
  );
  const sse = figure(study, 'idle', 'haproxy', 'sse', 'both.cutMs');
  const ws = figure(study, 'idle', 'haproxy', 'ws', 'both.cutMs');
  expect(Math.abs(sse - 4_000), `sse ${sse}`).toBeLessThanOrEqual(TOLERANCE_MS);
  expect(Math.abs(ws - 9_000), `ws ${ws}`).toBeLessThanOrEqual(TOLERANCE_MS);
});

test('direct: no delay, no clumps, no cut, and a client that leaves is known of at once', async (context) => {
  const study = await studyOf(
    [],
    context,
    ...['--route', 'direct', '--repeats', '1', '--max', '4s'],
    ...['--measure', 'slow,fast,idle,leave'],
  );
  for (const transport of ['sse', 'ws']) {
    for (const pace of ['slow', 'fast']) {
      expect(figure(study, pace, 'direct', transport, 'p50Ms')).toBeLessThan(3);
      expect(figure(study, pace, 'direct', transport, 'missing')).toBe(0);
      expect(figure(study, pace, 'direct', transport, 'clumpedShare')).toBeLessThan(0.1);
    }
    expect(cellOf(study, 'idle', 'direct', transport).judgement?.text).toBe('none in 4.00 s');
    expect(figure(study, 'leave', 'direct', transport, 'silentMs')).toBeLessThan(200);
  }
});

test('nginx as it was before 1.29.7 speaks HTTP/1.0, has no WebSocket, and collects a stream', async (context) => {
  const study = await studyOf(
    ['nginx'],
    context,
    ...['--route', 'nginx', '--proxy-preset', 'stock', '--repeats', '1', '--max', '4s'],
    ...['--proxy-set', 'nginx.proxy_http_version=1.0', '--measure', 'head,slow,stalled'],
  );
  expect(cellOf(study, 'head', 'nginx', 'sse').judgement?.says).toContain('in HTTP/1.0');
  expect(cellOf(study, 'head', 'nginx', 'ws').judgement).toMatchObject({
    text: 'fails',
    grade: 'bad',
  });
  // Unless the server says that it is not to be collected.
  expect(cellOf(study, 'slow', 'nginx', 'sse').judgement).toMatchObject({
    text: '12 of 12 held',
    says: expect.stringContaining('With X-Accel-Buffering: no from the server they come at once.'),
  });
  expect(cellOf(study, 'stalled', 'nginx', 'sse').judgement).toMatchObject({
    text: '> 64.0 MiB',
    grade: 'bad',
  });
});

test('HAProxy as it is installed holds the head and clumps what comes; with http-no-delay it does not', async (context) => {
  const study = await studyOf(
    ['haproxy'],
    context,
    ...['--route', 'haproxy', '--repeats', '1', '--measure', 'head,fast', '--transport', 'sse'],
  );
  expect(figure(study, 'head', 'haproxy-stock', 'sse', 'addedMs')).toBeGreaterThan(150);
  expect(figure(study, 'fast', 'haproxy-stock', 'sse', 'clumpedShare')).toBeGreaterThan(0.5);
  expect(figure(study, 'head', 'haproxy-recommended', 'sse', 'addedMs')).toBeLessThan(50);
  expect(figure(study, 'fast', 'haproxy-recommended', 'sse', 'clumpedShare')).toBeLessThan(0.1);
});

test('what is recommended for every proxy adds less than 1 ms and clumps nothing', {
  timeout: 240_000,
}, async (context) => {
  const study = await studyOf(
    names,
    context,
    ...['--route', names.join(','), '--proxy-preset', 'recommended', '--repeats', '2'],
    ...['--measure', 'slow,fast'],
  );
  for (const route of names) {
    for (const transport of ['sse', 'ws']) {
      for (const pace of ['slow', 'fast']) {
        // The better of two: a busy moment of the machine is none of the proxy's.
        const { samples } = cellOf(study, pace, route, transport);
        const added = samples.map(({ figures }) => figures['addedMs'] ?? Number.NaN);
        expect(Math.min(...added), `${route} ${transport} ${pace}`).toBeLessThan(1);
        for (const { figures } of samples) expect(figures['missing']).toBe(0);
        const clumped = samples.map(({ figures }) => figures['clumpedShare'] ?? Number.NaN);
        expect(Math.min(...clumped), `${route} ${transport} ${pace}`).toBeLessThan(0.1);
      }
    }
  }
});

test('what is recommended for every proxy cuts nobody who is silent for 5 s', async (context) => {
  const study = await studyOf(
    names,
    context,
    ...['--route', names.join(','), '--proxy-preset', 'recommended', '--repeats', '1'],
    ...['--max', '5s', '--measure', 'idle'],
  );
  for (const route of names) {
    for (const transport of ['sse', 'ws']) {
      expect(cellOf(study, 'idle', route, transport).judgement?.text).toBe('none in 5.00 s');
    }
  }
});

test('nginx keeps every connection at a reload, cuts every one at a restart, and all come back', async (context) => {
  const study = await studyOf(
    ['nginx'],
    context,
    ...['--route', 'nginx', '--proxy-preset', 'recommended', '--repeats', '1'],
    ...['--measure', 'reload,restart'],
  );
  for (const transport of ['sse', 'ws']) {
    expect(figure(study, 'reload', 'nginx', transport, 'cut')).toBe(0);
    expect(figure(study, 'reload', 'nginx', transport, 'lost')).toBe(0);
    expect(figure(study, 'restart', 'nginx', transport, 'cut')).toBe(20);
    expect(figure(study, 'restart', 'nginx', transport, 'backMs')).toBeLessThan(2_000);
  }
});
