/** Studies by the real program: a table and a file at the end, taken up again where they were stopped. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Study } from '../../core/records/study.ts';
import { studySchema } from '../../core/records/study.ts';
import { routeFoldersOf, runProgram, startProgram, temporaryFolder } from '../program.ts';
import { programOf } from '../real-proxy.ts';

const STUDY = /^study {2}(.*)$/m;

const studyIn = (path: string): Study => studySchema.parse(JSON.parse(readFileSync(path, 'utf8')));

const onlyStudy = (out: string): string =>
  join(out, readdirSync(out).find((name) => name.endsWith('proxies')) ?? '', 'study.json');

test('a study ends in a table, a sentence per cell and a file that report reads again', async (context) => {
  programOf('nginx', context);
  const out = temporaryFolder();
  const { code, stdout, stderr } = await runProgram([
    ...['bench', 'proxies', '--route', 'direct,nginx', '--proxy-preset', 'stock'],
    ...['--measure', 'head,failure', '--repeats', '1', '--max', '5s'],
    ...['--proxy-set', 'nginx.proxy_read_timeout=1s', '--out', out],
  ]);
  expect(code, stderr).toBe(0);
  expect(stderr).toMatch(/repeat 1\/1 · nginx · about \d+s left/);
  const study = studyIn(STUDY.exec(stdout)?.[1] ?? '');
  expect(study).toMatchObject({ state: 'finished', routes: ['direct', 'nginx'] });
  expect(study.cells).toHaveLength(2 * 2 * 2);
  for (const { samples, judgement } of study.cells) {
    expect(samples).toHaveLength(1);
    expect(samples[0]?.problem).toBeUndefined();
    expect(judgement?.says).toBeTruthy();
  }
  expect(study.records).toMatchObject([{ name: 'nginx', version: expect.stringMatching(/^1\./) }]);
  const failure = (route: string) =>
    study.cells.find(
      (one) => one.measure === 'failure' && one.route === route && one.transport === 'sse',
    );
  expect(failure('direct')?.samples[0]?.facts).toEqual({ down: 'refused', mute: 'silence' });
  expect(failure('nginx')?.samples[0]?.facts).toEqual({ down: '502', mute: '504' });
  expect(failure('nginx')?.judgement?.says).toContain('EventSource gives up for good');
  expect(failure('nginx')?.samples[0]?.figures['muteMs']).toBeGreaterThan(900);

  const again = await runProgram(['report', 'latest', '--runs', out]);
  expect(again.code, again.stderr).toBe(0);
  expect(again.stdout).toBe(stdout);
  const page = readFileSync(join(out, study.id, 'report.html'), 'utf8');
  expect(page).toContain('id="heat-map-chart"');
});

test('a ceiling that was set is found, and what compression saves', async (context) => {
  programOf('nginx', context);
  const { code, stdout, stderr } = await runProgram([
    ...['bench', 'proxies', '--route', 'nginx', '--proxy-preset', 'stock', '--transport', 'sse'],
    ...['--proxy-set', 'nginx.worker_connections=40', '--proxy-set', 'nginx.worker_processes=1'],
    ...['--measure', 'ceiling,compression', '--repeats', '1', '--out', temporaryFolder()],
  ]);
  expect(code, stderr).toBe(0);
  const study = studyIn(STUDY.exec(stdout)?.[1] ?? '');
  const [held, packed] = ['ceiling', 'compression'].map((name) =>
    study.cells.find(({ measure }) => measure === name),
  );
  // Two sockets for each; the others are those that nginx has for itself.
  expect(held?.samples[0]?.figures['held']).toBeGreaterThanOrEqual(16);
  expect(held?.samples[0]?.figures['held']).toBeLessThan(20);
  expect(held?.judgement?.says).toContain('(worker_processes 1, worker_connections 40)');
  expect(packed?.judgement).toMatchObject({ text: '51 of 51 held', grade: 'bad' });
  expect(packed?.judgement?.says).toContain('With X-Accel-Buffering: no from the server');
});

test('what was measured before an interruption is kept, and not measured again', async (context) => {
  programOf('nginx', context);
  const out = temporaryFolder();
  const args = ['--route', 'nginx,direct', '--proxy-preset', 'stock', '--measure', 'head'];
  const program = startProgram([...['bench', 'proxies', ...args, '--repeats', '2', '--out', out]]);
  await program.says('repeat 1/2 · direct');
  program.child.kill('SIGINT');
  const { code, stderr } = await program.finished;
  expect(code, stderr).toBe(130);
  expect(program.processes()).toEqual([]);
  expect(routeFoldersOf(program.child.pid)).toEqual([]);
  const path = onlyStudy(out);
  const kept = studyIn(path);
  expect(kept.state).toBe('aborted');
  const nginx = kept.cells.filter(({ route }) => route === 'nginx');
  expect(nginx.map(({ samples }) => samples.length)).toEqual([1, 1]);

  const refused = await runProgram([
    ...['bench', 'proxies', '--resume', kept.id, '--repeats', '5', '--out', out],
  ]);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain('--repeats: a study that is taken up again goes on with');

  const resumed = await runProgram(['bench', 'proxies', '--resume', kept.id, '--out', out]);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(resumed.stderr).not.toContain('repeat 1/2 · nginx');
  const whole = studyIn(path);
  expect(whole).toMatchObject({ state: 'finished', id: kept.id });
  expect(whole.cells.map(({ samples }) => samples.length)).toEqual([2, 2, 2, 2]);
  for (const { route, transport, samples } of nginx) {
    const cell = whole.cells.find((one) => one.route === route && one.transport === transport);
    expect(cell?.samples[0]).toEqual(samples[0]);
  }
});

test('POSTs are counted by connections and by races lost, and a lost one is a 502 of nginx', async (context) => {
  programOf('nginx', context);
  const { code, stdout, stderr } = await runProgram([
    ...['bench', 'proxies', '--route', 'nginx', '--proxy-preset', 'recommended'],
    ...['--measure', 'post', '--repeats', '1', '--out', temporaryFolder()],
  ]);
  expect(code, stderr).toBe(0);
  const { cells } = studyIn(STUDY.exec(stdout)?.[1] ?? '');
  const [sse, ws] = ['sse', 'ws'].map((name) => cells.find(({ transport }) => transport === name));
  const { figures, facts, problem } = sse?.samples[0] ?? {};
  expect(problem).toBeUndefined();
  expect(figures).toMatchObject({ posts: 50, connections: 1, reopened: 0 });
  expect(facts).toMatchObject({ fin: '502', rst: '502' });
  // Where one is lost, the client is told of it in the way that is known.
  expect(figures?.['told.502'] ?? 0).toBe(figures?.['lost']);
  const { attempts = 0, late = 0, lost = Number.NaN } = figures ?? {};
  // 24 at each of 21 steps; a warm-up may meet an end on a busy machine.
  expect(attempts + late).toBeGreaterThan(470);
  expect(attempts + late).toBeLessThanOrEqual(504);
  expect(figures?.['lostPer1000']).toBeCloseTo((1_000 * lost) / attempts);
  expect(sse?.judgement?.says).toContain('the client is told 502');
  expect(ws?.judgement?.text).toBe('–');
});

test('a heartbeat shorter than the time-out keeps a stream open, a longer one does not', async (context) => {
  programOf('nginx', context);
  const { code, stdout, stderr } = await runProgram([
    ...['bench', 'keepalive', '--timeouts', '3s', '--intervals', '800ms,5s'],
    ...['--repeats', '1', '--out', temporaryFolder()],
  ]);
  expect(code, stderr).toBe(0);
  const study = studyIn(STUDY.exec(stdout)?.[1] ?? '');
  const texts = (measure: string) =>
    study.cells.filter((one) => one.measure === measure).map(({ judgement }) => judgement?.text);
  expect(texts('every-800')).toEqual(['stays open', 'stays open']);
  expect(texts('every-5000')).toEqual(['4 of 4 cut', '4 of 4 cut']);
  const dead = study.cells.find((one) => one.measure === 'every-800' && one.transport === 'ws');
  expect(dead?.samples[0]?.figures['deadMs']).toBeGreaterThanOrEqual(800);
  expect(dead?.samples[0]?.figures['deadMs']).toBeLessThan(4_000);
  for (const { samples } of study.cells.filter(({ measure }) => measure === 'cost')) {
    expect(samples[0]?.figures).toMatchObject({ beats: 2_000 });
    expect(samples[0]?.figures['cpuUs']).toBeGreaterThan(0);
  }
  // Of 60 s that is 18 s, of which the next usual figure below is advised.
  expect(study.advice[0]).toContain('Use 15.0 s here');
});

test.each([
  [['--route', 'relay:delay=5ms'], 'is no proxy of which it is known how it is set up'],
  [['--measure', 'haed'], "Did you mean 'head'?"],
  [['--resume', 'nothing'], "There is no run 'nothing'"],
])('%s is refused with the way out', async (args, says) => {
  const { code, stderr } = await runProgram([
    ...['bench', 'proxies', ...args, '--out', temporaryFolder()],
  ]);
  expect(code).toBe(2);
  expect(stderr).toContain(says);
});
