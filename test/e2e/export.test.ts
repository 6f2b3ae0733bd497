/** Exports at the end of real runs: all of them arrive, and one that cannot loses nothing. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import * as hdr from 'hdr-histogram-js';
import { expect, onTestFinished, test } from 'vitest';
import { readRunFile } from '../../reports/run-file.ts';
import { parseCsv } from '../csv-reader.ts';
import { runFilesIn, runProgram, SMALL, temporaryFolder } from '../program.ts';
import { parsePrometheus } from '../prometheus-reader.ts';

const base = temporaryFolder();

async function collector() {
  const names: string[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text;
    });
    request.on('end', () => {
      names.push(
        ...[...body.matchAll(/"name":"(pushbench\.[^"]+)"/g)].map(([, name = '']) => name),
      );
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, names };
}

test('a bench hands its run to everybody it was told of', async () => {
  const { url, names } = await collector();
  const to = (name: string): string => join(base, 'exports', name);
  const out = join(base, 'bench');
  const { code, stderr, stdout } = await runProgram([
    ...['bench', 'broadcast', ...SMALL, '--out', out, '--json'],
    ...['--export', `csv=${to('run.csv')}`, '--export', `prometheus=${to('x.prom')}`],
    ...['--export', `hlog=${to('logs')}`, '--export', `otlp=${url}`],
  ]);
  expect([0, 5], stderr).toContain(code);
  const [file = ''] = runFilesIn(out);
  const run = readRunFile(file);
  expect(JSON.parse(stdout)).toMatchObject({ schema: 1, id: run.id });
  for (const where of [to('run.csv'), to('x.prom'), `${url}/v1/metrics`]) {
    expect(stderr).toContain(where);
  }
  expect(parseCsv(readFileSync(to('run.csv'), 'utf8')).at(1)?.[0]).toBe(run.id);
  const families = parsePrometheus(readFileSync(to('x.prom'), 'utf8'));
  expect(families.get('pushbench_run_validity')?.samples).toHaveLength(3);
  expect(names).toContain('pushbench.run.validity');
  // A busy machine may leave no valid trial: then there are no figures, and nobody makes any up.
  if (code === 5) return;
  expect(families.has('pushbench_latency_seconds')).toBe(true);
  expect(names).toContain('pushbench.latency');
  const log = readFileSync(to(join('logs', 'ws.latency.hlog')), 'utf8');
  const read = new hdr.HistogramLogReader(log).nextIntervalHistogram();
  expect(read?.totalCount).toBe(run.trials[0]?.ledger?.received);
});

test('a gate whose collector is not there says so, and decides all the same', async () => {
  const out = join(base, 'check');
  const { code, stdout, stderr } = await runProgram([
    ...['check', 'broadcast', '--rounds', '1', '--clients', '5', '--rate', '20/s'],
    ...['--warmup', '0ms', '--duration', '300ms', '--assert', 'reach=1', '--json', '--out', out],
    ...['--control', 'off', '--head-room', 'off'],
    // Nobody listens on the port of "discard".
    ...['--export', 'otlp=http://127.0.0.1:9', '--export', `csv=${join(base, 'gate.csv')}`],
  ]);
  const gate = JSON.parse(stdout) as { schema: number; kind: string; outcome: string };
  expect(gate).toMatchObject({ schema: 1, kind: 'check' });
  expect(code, stderr).toBe(gate.outcome === 'passed' ? 0 : 1);
  expect(stderr).toContain('The collector at http://127.0.0.1:9/v1/metrics did not take');
  const [folder = ''] = readdirSync(out).filter((name) => name.endsWith('-broadcast'));
  expect(stderr).toContain(`npm run export -- ${folder} --format otlp --out http://127.0.0.1:9`);
  expect(readRunFile(join(out, folder, 'run.json')).state).toBe('finished');
  expect(existsSync(join(base, 'gate.csv'))).toBe(true);
});
