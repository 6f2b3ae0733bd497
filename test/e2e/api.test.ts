/** The package as others import it: runs in a program and in a test, a scenario in a file, and its types. */
import { spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rules } from '../../loadgen/validity.ts';
import { readRunFile } from '../../reports/run-file.ts';
import { OF_THE_MACHINE } from '../machine-rules.ts';
import type { Finished } from '../program.ts';
import { DIST, runFilesIn, runProgram, temporaryFolder } from '../program.ts';

const root = join(import.meta.dirname, '..', '..');
const packages = join(root, 'node_modules');
const examples = join(root, 'examples');

/** Somebody else's project, which has the package among its own. */
let project: string;
/** What its programs take for the system's temporary folder. */
let temporary: string;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'pushbench-consumer-'));
  temporary = mkdtempSync(join(tmpdir(), 'pushbench-consumer-tmp-'));
  mkdirSync(join(project, 'node_modules', '@types'), { recursive: true });
  symlinkSync(dirname(DIST), join(project, 'node_modules', 'pushbench'));
  for (const name of ['vitest', '@types/node']) {
    symlinkSync(join(packages, name), join(project, 'node_modules', name));
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  cpSync(join(examples, 'vitest'), project, { recursive: true });
  // How fast the machine is at the moment is not what is tested here.
  const example = join(project, 'push.test.ts');
  const text = readFileSync(example, 'utf8');
  expect(text).toContain('p99<50ms');
  writeFileSync(example, text.replace('p99<50ms', 'p99<5s'));
});
afterAll(() => {
  for (const folder of [project, temporary]) rmSync(folder, { recursive: true, force: true });
});

function node(...args: readonly string[]): Promise<Finished> {
  const child = spawn(process.execPath, [...args], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temporary, NODE_OPTIONS: '', VITEST: '', NO_COLOR: '1' },
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/** Runs a program of the project, which tells what it found as JSON, and nothing else. */
async function program(source: string): Promise<unknown> {
  const path = join(project, 'program.mjs');
  writeFileSync(path, source);
  const { code, stdout, stderr } = await node(path);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  // A run of its own may leave caches of the compiler there, and nothing of ours.
  expect(readdirSync(temporary).filter((name) => name.startsWith('pushbench'))).toEqual([]);
  return JSON.parse(stdout);
}

const SHORT = `params: { clients: 5, rate: 20, warmup: 0, duration: '500ms' }, rounds: 1,
  options: { control: 'off', 'head-room': 'off' }`;

describe('a program', () => {
  test('measures a scenario and a server of its own, and then ours, and ends by itself', async () => {
    const found = await program(`
      import { readFileSync } from 'node:fs';
      import { defineScenario, run, timing, warmUpAndMeasure } from 'pushbench';
      const state = () => ({
        listeners: process.eventNames().map((name) => [String(name), process.listenerCount(name)]),
        cores: /^Cpus_allowed_list:.*$/m.exec(readFileSync('/proc/self/status', 'utf8'))[0],
      });
      const before = state();
      const mine = defineScenario({
        name: 'mine',
        question: 'Does it go?',
        params: { ...timing, crowd: { type: 'count', default: 1, min: 1, max: 50, help: 'clients' } },
        quick: {},
        phases: (p) => [
          { kind: 'connect', clients: p.crowd },
          ...warmUpAndMeasure(p, {
            deadlineMs: 10_000,
            publish: { ratePerS: 40, payloadBytes: 128, from: 'server', to: { kind: 'everybody' } },
          }),
        ],
        headline: ['latency.p50'],
        explore: '',
      });
      const steps = [];
      const first = await run(mine, {
        target: {
          name: 'chat',
          cwd: import.meta.dirname,
          start: { command: ['node', 'chat-server.mjs'] },
          sse: { url: 'http://127.0.0.1:{port}/events' },
          publish: { post: { url: 'http://127.0.0.1:{port}/messages', body: '{message}' } },
        },
        params: { crowd: 7, warmup: '200ms', duration: 500 },
        rounds: 1,
        options: { control: 'off', 'head-room': 'off' },
        onProgress: ({ arm, phase }) => steps.push(arm + ' ' + phase),
      });
      const running = run('broadcast', { ${SHORT}, arms: ['ws'], out: './runs' });
      const refused = await run('chat').catch(({ code, hint }) => ({ code, hint }));
      const second = await running;
      const ledgers = (result) => result.run.trials.map(({ arm, ledger }) => [arm, ledger.expected, ledger.received]);
      console.log(JSON.stringify({
        before, after: state(), steps, refused,
        first: ledgers(first), origin: first.run.scenario, files: first.files,
        second: ledgers(second), report: second.files.report, command: second.run.command,
      }));
    `);
    expect(found).toMatchObject({
      first: [['sse', 7 * 20, 7 * 20]],
      origin: { name: 'mine', origin: 'the scenario given to run()', hash: expect.any(String) },
      second: [['ws', 50, 50]],
      refused: { code: 'run-under-way', hint: 'Await the first before the second is started.' },
      command:
        'npm run bench broadcast -- --clients 5 --rate 20/s --warmup 0ms --duration 500ms --control off --head-room off --rounds 1 --arms ws',
    });
    const { before, after, steps, report } = found as Record<string, unknown>;
    expect(after).toEqual(before);
    expect(found).not.toHaveProperty('files');
    expect(steps).toContain('sse starting');
    expect(readFileSync(String(report), 'utf8')).toMatch(/^<!doctype html>/i);
    expect(runFilesIn(join(project, 'runs'))).toEqual([join(dirname(String(report)), 'run.json')]);
  });

  test('ends a run by its signal, or by an error of its own, with every process of it', async () => {
    const found = await program(`
      import { readFileSync } from 'node:fs';
      import { HarnessError, run } from 'pushbench';
      const children = () => readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8').trim();
      const abort = new AbortController();
      let most = '';
      const seen = new Set();
      const long = { params: { clients: 5, rate: 20, warmup: 0, duration: '60s' }, arms: 'sse',
        options: { control: 'off', 'head-room': 'off' } };
      const aborted = await run('broadcast', { ...long, signal: abort.signal, onProgress: ({ phase }) => {
        if (phase !== 'measuring') return;
        most = children();
        abort.abort();
      } }).catch((error) => error);
      const left = [children()];
      const thrown = await run('broadcast', { ...long, onProgress: ({ phase }) => {
        if (phase === 'measuring') throw new TypeError('mine');
      } }).catch((error) => error);
      left.push(children());
      const half = new AbortController();
      const discarded = await run('broadcast', { ...long, params: { ...long.params, duration: '500ms' },
        arms: ['sse', 'ws'], signal: half.signal, onProgress: ({ phase, arm }) => {
          if (phase !== 'starting') return;
          if (seen.size > 0 && !seen.has(arm)) half.abort();
          seen.add(arm);
        } }).catch((error) => error);
      left.push(children());
      const late = await run('broadcast', { ...long, signal: AbortSignal.abort() }).catch((error) => error);
      console.log(JSON.stringify({
        started: most.split(' ').length, left,
        isOurs: aborted instanceof HarnessError,
        aborted: [aborted.code, aborted.exitCode, aborted.message, aborted.hint],
        thrown: [thrown.name, thrown.message], late: late.code, discarded: discarded.hint,
      }));
    `);
    expect(found).toEqual({
      started: 2,
      left: ['', '', ''],
      isOurs: true,
      aborted: [
        'interrupted',
        130,
        'Interrupted; every process that was started has been ended.',
        'Nothing had been measured yet.',
      ],
      thrown: ['TypeError', 'mine'],
      late: 'interrupted',
      discarded: 'What had been measured is not kept, since no folder was given for it (out).',
    });
  });
});

/** Trials on a busy machine are no evidence, and a test that wants some fails then: with this and nothing else. */
const WHY = [
  'other guests stole',
  ...rules
    .filter(({ id }) => OF_THE_MACHINE.has(id) || id === 'offered-rate')
    .map(({ broken }) => broken.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')),
];
const REASON = `sse, round \\d: (?:${WHY.join('|')}).*`;
const DISTURBED = new RegExp(
  `AssertionError: ${REASON}(?:\\n${REASON})*: expected false to be true`,
);

test('the example of a test in vitest passes, or says what disturbed it', async () => {
  const { code, stdout, stderr } = await node(
    join(packages, 'vitest', 'vitest.mjs'),
    'run',
    '--root',
    project,
  );
  expect(stdout, stderr).toContain('a message reaches everybody within 50 ms');
  if (code === 0) expect(stdout).toMatch(/Tests +1 passed \(1\)/);
  else expect(stdout + stderr).toMatch(DISTURBED);
});

test('the example of a scenario is run from its file, with its parameters', async () => {
  const out = temporaryFolder();
  const path = join(examples, 'scenarios', 'burst.scenario.ts');
  const { stderr, stdout } = await runProgram([
    ...['bench', path, '--quick', '--arms', 'ws', '--rounds', '1', '--control', 'off'],
    ...['--head-room', 'off', '--clients', '10', '--burst', '12', '--out', out],
  ]);
  expect(stderr).toContain('120 of 120 delivered');
  expect(stdout).toContain(`npm run bench ${path} -- `);
  const [file = ''] = runFilesIn(out);
  const { scenario, params, trials } = readRunFile(file);
  expect(scenario).toMatchObject({ name: 'burst', origin: path, hash: expect.any(String) });
  expect(params).toMatchObject({ clients: 10, burst: 12, bursts: 1 });
  // Connect, a spell and its burst, and the spell and the burst that counts.
  expect(trials.map(({ phases }) => phases.map(({ kind }) => kind))).toEqual([
    ['connect', 'load', 'load', 'load', 'load'],
  ]);
});

describe('the documentation', () => {
  const text = readFileSync(join(root, 'docs', 'api.md'), 'utf8');
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');

  test('shows the example as it is', () => {
    const example = readFileSync(join(examples, 'vitest', 'push.test.ts'), 'utf8');
    expect(blocks.at(-1)).toBe(example.replace(/^\/\*\*.*\*\/\n/, ''));
  });

  test('has examples that a strict project compiles against the types of the package', async () => {
    expect(blocks.length).toBeGreaterThanOrEqual(4);
    const folder = join(project, 'types');
    mkdirSync(folder);
    for (const [index, block] of blocks.entries()) {
      writeFileSync(join(folder, `block-${index}.ts`), block);
    }
    cpSync(join(examples, 'scenarios'), folder, { recursive: true });
    for (const name of readdirSync(join(examples, 'targets'))) {
      if (name.endsWith('.ts')) cpSync(join(examples, 'targets', name), join(folder, name));
    }
    writeFileSync(
      join(folder, 'use.ts'),
      `import type { MetricId, Phase, RunOutcome, Target } from 'pushbench';
       import { run } from 'pushbench';
       import scenario from './burst.scenario.ts';
       export const phases: readonly Phase[] = scenario.phases({});
       export const id: MetricId = 'latency.p99';
       export const target: Target['name'] = 'x';
       export const outcome: Promise<RunOutcome> = run(scenario, { params: { burst: 5 } });
       export const rounds = async (): Promise<number> => (await outcome).run.trials.length;
       // @ts-expect-error the parameter is a number or a text
       run(scenario, { params: { burst: true } });
       // @ts-expect-error there is no such metric
       export const wrong: MetricId = 'latency.p98';`,
    );
    writeFileSync(
      join(folder, 'tsconfig.json'),
      JSON.stringify({
        compilerOptions: {
          target: 'es2023',
          lib: ['es2023'],
          module: 'nodenext',
          types: ['node'],
          strict: true,
          exactOptionalPropertyTypes: true,
          noUncheckedIndexedAccess: true,
          allowImportingTsExtensions: true,
          noEmit: true,
          // The declarations of the package are to be right by themselves.
          skipLibCheck: false,
        },
      }),
    );
    const { code, stdout } = await node(
      join(packages, 'typescript', 'bin', 'tsc'),
      '-p',
      join(folder, 'tsconfig.json'),
    );
    expect(stdout).toBe('');
    expect(code).toBe(0);
  });
});
