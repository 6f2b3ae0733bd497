/** What studies find out about load, held against answers that are known: framing, limits, a relay that hoards or loses. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { climb } from '../../loadgen/study/climb.ts';
import { flood } from '../../loadgen/study/flood.ts';
import type { Found, Measure, StudyPath } from '../../loadgen/study/measure.ts';
import { ceiling } from '../../loadgen/study/measures/ceiling.ts';
import { compression } from '../../loadgen/study/measures/compression.ts';
import { memory } from '../../loadgen/study/measures/memory.ts';
import { startPath } from '../probe-path.ts';
import type { InFront } from '../study-path.ts';
import { realProxy, studyPath } from '../study-path.ts';

async function lookAt(measure: Measure, path: StudyPath): Promise<Found> {
  const look = await measure.look(path);
  return 'later' in look ? look.later : look;
}

const transports = ['sse', 'ws'] as const;

test.each(transports)('all messages of a flood are counted, over %s', async (transport) => {
  const path = await studyPath(transport);
  const { sent, missing, perSecond, cpuNs } = await flood(path, 3);
  expect(missing).toBe(0);
  expect(sent).toBeGreaterThan(1_000);
  // No more than there were, in a window of over half a second.
  expect(perSecond).toBeGreaterThan(500);
  expect(perSecond).toBeLessThanOrEqual(sent / 0.6);
  expect(cpuNs).toBeUndefined();
});

test('what a path swallows is missed in a flood', async () => {
  const path = await studyPath('sse', async (port) => ({
    port: await startPath(port, { ageBytes: 100_000, cut: 'swallow' }),
    pids: () => [],
    stop: () => Promise.resolve(),
  }));
  const { sent, missing } = await flood(path, 2);
  expect(missing).toBeGreaterThan(0);
  expect(missing).toBeLessThan(sent);
});

test('nginx with 40 sockets takes less than 20 connections, and the next one is told so', async (context) => {
  const values = { worker_connections: '40', worker_processes: '1' };
  const path = await studyPath('sse', realProxy('nginx', context, values));
  const found = await lookAt(ceiling, path);
  // Each connection has two sockets; the rest are those that nginx has for itself.
  expect(found.figures['held']).toBeGreaterThanOrEqual(15);
  expect(found.figures['held']).toBeLessThan(20);
  expect(found.figures).toMatchObject({ cut: 0, full: 1 });
  expect(found.facts['limits']).toBe('worker_processes 1, worker_connections 40');
  expect(found.facts['beyond']).toMatch(/hung up on|reset|answered 500/);
});

test('where the limit was raised to fit a load, that of nginx itself is measured', async (context) => {
  const path = await studyPath('ws', realProxy('nginx', context, { worker_processes: '1' }));
  const { figures, facts } = await lookAt(ceiling, path);
  expect(facts['limits']).toBe('worker_processes 1, worker_connections 512 by default');
  expect(figures['held']).toBeGreaterThan(240);
  expect(figures['held']).toBeLessThan(256);
});

test('a path without a limit lets everybody in that is tried', async () => {
  const path = await studyPath('sse');
  const { held, tried, refusals, isFull } = await climb(path, 60);
  expect({ held, tried, isFull }).toEqual({ held: 60, tried: 60, isFull: false });
  expect(refusals.size).toBe(0);
});

test('bytes on the wire are those of the framing', async () => {
  const events = await lookAt(compression, await studyPath('sse'));
  const { textBytes = 0, plainBytes } = events.figures;
  expect(textBytes).toBeGreaterThan(125);
  // 'data: ' and two line feeds; a chunk has its length in two digits, and two line ends.
  expect(plainBytes).toBeCloseTo(textBytes + 8 + 6, 6);
  expect(events.figures['codedBytes']).toBeCloseTo(plainBytes ?? 0, -1);
  expect(events.facts['encoding']).toBeUndefined();
});

test('compression in nginx is found on the wire, and that it holds events', async (context) => {
  const { figures, facts } = await lookAt(
    compression,
    await studyPath('sse', realProxy('nginx', context)),
  );
  expect(facts).toEqual({ encoding: 'gzip', noTransform: 'gzip' });
  expect(figures['plainBytes']).toBeCloseTo((figures['textBytes'] ?? 0) + 14, 6);
  expect(figures).toMatchObject({ missing: figures['sent'], plainMissing: 0, advisedMissing: 0 });
  expect(figures['codedBytes']).toBeLessThan(0.5 * (figures['plainBytes'] ?? 0));
  // What leaves at once cannot be packed as well as what is packed together.
  expect(figures['advisedBytes']).toBeGreaterThan(figures['codedBytes'] ?? Infinity);
});

test('compression in nginx does not touch a WebSocket', async (context) => {
  const { figures } = await lookAt(compression, await studyPath('ws', realProxy('nginx', context)));
  expect(figures['plainBytes']).toBeGreaterThan(125);
  expect(figures['codedBytes']).toBe(figures['plainBytes']);
});

/** A relay in a process of its own that keeps so much for each connection. */
function hoarder(bytes: number): InFront {
  const script = `
    const { connect, createServer } = require('node:net');
    const hoard = [];
    const server = createServer((client) => {
      hoard.push(Buffer.alloc(${bytes}, 1));
      const upstream = connect(Number(process.argv[1]), '127.0.0.1');
      client.pipe(upstream).pipe(client);
      for (const one of [client, upstream]) one.on('error', () => { client.destroy(); upstream.destroy(); });
    }).listen(0, '127.0.0.1', () => process.send(server.address().port));
    process.on('disconnect', () => process.exit());`;
  return async (originPort) => {
    const child = spawn(process.execPath, ['-e', script, String(originPort)], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [port] = (await once(child, 'message')) as [number];
    const stop = async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    };
    onTestFinished(stop);
    return { port, pids: () => (child.pid === undefined ? [] : [child.pid]), stop };
  };
}

test.skipIf(process.platform !== 'linux')(
  'memory per connection is what a relay keeps for each',
  async () => {
    const kept = 400_000;
    const { figures } = await lookAt(memory, await studyPath('sse', hoarder(kept)));
    expect(figures['bytesEach']).toBeGreaterThan(0.9 * kept);
    expect(figures['bytesEach']).toBeLessThan(1.5 * kept);
    expect(figures['bytes.200']).toBeGreaterThan(figures['restBytes'] ?? Infinity);
  },
);
