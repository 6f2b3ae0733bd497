/** Accidents beside a trial: servers that are none, scripts and searches that are killed, and the program itself. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { clearLeftovers } from '../../cli/leftovers.ts';
import type { RunResult } from '../../core/result.ts';
import { runResultSchema } from '../../core/result.ts';
import { broadcast } from '../../scenarios/broadcast.ts';
import { request } from '../../scenarios/request.ts';
import { neverAccepts } from '../never-accepts.ts';
import type { Program } from '../program.ts';
import { runFilesIn, runProgram, SMALL, startProgram, temporaryFolder, until } from '../program.ts';
import { BUSY, OPEN_STREAM, rogueProcess } from '../rogue-process.ts';
import { runWithAccident, runYardstickOn } from '../trial-accidents.ts';

/** Whether a busy machine lets tiny trials count as valid is not what is tested here. */
const FINISHED = [0, 5];
const tiny = { clients: '5', rate: '20/s', warmup: '0ms', duration: '200ms' };

/** How a wrong answer to each is called, and what would have been right. */
const answers = {
  sse: { page: '200 OK with text/html', right: '200 with text/event-stream' },
  ws: { page: '200 OK', right: '101 Switching Protocols' },
};

describe.each(['sse', 'ws'] as const)('a server of %s that is none', (transport) => {
  const { page, right } = answers[transport];

  test.each([
    {
      what: 'answers 503 and says when to come back',
      stream: BUSY,
      says: `the server answered 503 Service Unavailable (Retry-After: 2) instead of ${right}`,
      hint: 'come back when it says',
    },
    {
      what: 'answers with a page for browsers',
      stream: `response.writeHead(200, { 'content-type': 'text/html' }).end('<p>Hello');`,
      says: `the server answered ${page} instead of ${right}`,
      hint: transport === 'sse' ? 'check the address' : 'it takes no WebSocket there',
    },
    {
      what: 'accepts and says nothing',
      stream: '',
      patienceMs: 3_000,
      says: 'no answer within 3000 ms',
      hint: '--connect-timeout',
    },
    {
      what: 'never accepts',
      stream: '',
      patienceMs: 3_000,
      isFull: true,
      says: 'no connection to 127.0.0.1',
      hint: 'within 3000 ms (nobody accepts it, or a firewall drops it',
    },
  ])(
    'and $what fails the trial with a sentence',
    async ({ stream, isFull, patienceMs, says, hint }) => {
      const elsewhere = isFull === true ? await neverAccepts() : 0;
      const { trial, left } = await runWithAccident({
        scenario: broadcast,
        params: tiny,
        transport,
        setup: {
          serverScript: rogueProcess({ stream, elsewhere }),
          connectTimeoutMs: patienceMs ?? 10_000,
        },
      });
      expect(trial.outcome).toBe('failed');
      expect(trial.says).toContain(`none of 5 clients could connect: ${says}`);
      expect(trial.says).toContain(hint);
      expect(left).toEqual([]);
    },
  );
});

describe('a server that is none', () => {
  test('and takes no POST is a trial in which nothing arrived, with the reason', async () => {
    const { trial } = await runWithAccident({
      scenario: broadcast,
      params: { ...tiny, 'publish-from': 'client', deadline: '1s' },
      transport: 'sse',
      setup: { serverScript: rogueProcess({ stream: OPEN_STREAM }) },
    });
    expect(trial).toMatchObject({
      outcome: 'completed',
      ledger: { expected: 20, received: 0, lost: 20 },
      validity: { state: 'invalid' },
      closed: [{ cause: 'POST answered 503 instead of 2xx (Retry-After: 2)', count: 4 }],
    });
  });

  test('and never answers a POST holds nobody up for longer than the deadline', async () => {
    const { trial } = await runWithAccident({
      scenario: broadcast,
      params: { ...tiny, 'publish-from': 'client', deadline: '100ms' },
      transport: 'sse',
      setup: { serverScript: rogueProcess({ stream: OPEN_STREAM, post: '' }) },
    });
    expect(trial).toMatchObject({ outcome: 'completed', probes: { failedSends: 4 } });
  });

  test.each([
    { stream: BUSY, says: /^its process ended with exit code 1: the server answered 503 / },
    { stream: OPEN_STREAM, says: /^no POST was answered with 200: status 503 \(\d+\)$/ },
  ])('gives no row of plain HTTP, and says $says', async ({ stream, says }) => {
    const outcome = await runYardstickOn(rogueProcess({ stream }), request, {
      rate: '50/s',
      duration: '300ms',
    });
    expect(outcome).toEqual({ says: expect.stringMatching(says) });
  });
});

describe('kill -9', () => {
  test('of the control and of autocannon leaves a run without them, which says so', async () => {
    const program = startProgram([
      ...['bench', 'request', '--arms', 'ws', '--rounds', '1', '--clients', '5', '--rate', '50/s'],
      ...['--warmup', '0ms', '--duration', '300ms', '--json', '--out', temporaryFolder()],
      ...['--control', 'on'],
    ]);
    for (const script of ['loadgen/control-broadcast', 'loadgen/yardstick']) {
      process.kill(await untilProcess(program, script), 'SIGKILL');
    }
    const { code, stdout, stderr } = await program.finished;
    expect(FINISHED, stderr).toContain(code);
    const run = runResultSchema.parse(JSON.parse(stdout));
    expect(run.state).toBe('finished');
    expect(run.incidents).toMatchObject([
      { what: 'the control', says: expect.stringContaining('was ended by SIGKILL') },
      { what: 'the row of plain HTTP', says: expect.stringContaining('was ended by SIGKILL') },
    ]);
    expect(run.warnings.filter(({ code: one }) => one === 'incident')).toHaveLength(2);
    expect(program.processes()).toEqual([]);
  });

  test('of the server in the middle of a search is a step with its reason, and the search goes on', async () => {
    const folder = temporaryFolder();
    const program = startProgram([
      ...['bench', 'capacity', '--arms', 'ws', '--rate', '20/s', '--max-rate', '40/s'],
      ...['--clients', '5', '--warmup', '0ms', '--duration', '4s', '--retries', '0'],
      ...['--out', folder],
    ]);
    await until(() => (runIn(folder)?.trials.length ?? 0) > 0);
    process.kill(await untilProcess(program, 'servers/main'), 'SIGKILL');
    const { code, stderr } = await program.finished;
    expect([...FINISHED, 3], stderr).toContain(code);
    const run = runIn(folder);
    expect(run?.state).toBe('finished');
    expect(run?.searches).toHaveLength(1);
    expect(run?.trials.map(({ says }) => says)).toContain('the server of ws was ended by SIGKILL');
    expect(program.processes()).toEqual([]);
  });

  test('of the program while its processes are being loaded leaves none of them', async () => {
    const program = startProgram(['bench', 'broadcast', ...SMALL, '--out', temporaryFolder()]);
    await untilProcess(program, 'servers/main');
    program.child.kill('SIGKILL');
    await program.finished;
    await until(() => program.processes().length === 0);
  });

  test.each([
    { name: 'reconnect', more: '--at 1s --for 30s --duration 60s' },
    { name: 'restart', more: '--duration 60s --at 90%' },
    { name: 'idle', more: '--cpu-window 60s' },
  ])(
    'of the program in the middle of $name leaves nothing that the next start does not clear',
    async ({ name, more }) => {
      const [folder, temporary] = [temporaryFolder(), temporaryFolder()];
      const args = `bench ${name} --arms ws --rounds 1 --clients 50 ${more} --out`.split(' ');
      const program = startProgram([...args, folder], { TMPDIR: temporary });
      const worker = await untilProcess(program, 'loadgen/worker');
      await until(() => namesIn(`/proc/${worker}/fd`).length > 50);
      program.child.kill('SIGKILL');
      await program.finished;
      await until(() => program.processes().length === 0);
      expect(clearLeftovers(folder, temporary)).toEqual([
        expect.stringMatching(
          /^An earlier run was killed before it could end; its 0 trials are kept/,
        ),
      ]);
      expect(runIn(folder)?.state).toBe('aborted');
      expect(namesIn(temporary)).toEqual([]);
    },
  );

  test('of the program leaves no process; the next start tidies up and says what is kept', async () => {
    const folder = temporaryFolder();
    const env = { TMPDIR: temporaryFolder() };
    const args = ['bench', 'broadcast', ...SMALL, '--duration', '200ms', '--out', folder];
    const program = startProgram([...args, '--rounds', '20', '--tls'], env);
    await until(() => (runIn(folder)?.trials.length ?? 0) > 0);
    program.child.kill('SIGKILL');
    await program.finished;
    await until(() => program.processes().length === 0);
    const run = runIn(folder);
    expect(run?.state).toBe('running');
    const kept = run?.trials.length ?? 0;
    expect(readdirSync(env.TMPDIR)).toHaveLength(1);

    const { code, stderr } = await runProgram(args, env);
    expect(FINISHED, stderr).toContain(code);
    const trials = kept === 1 ? '1 trial is' : `${kept} trials are`;
    const says = `^An earlier run was killed before it could end; its ${trials} kept, marked aborted: .*run\\.json$`;
    expect(stderr).toMatch(new RegExp(says, 'm'));
    const [killed, next] = runFilesIn(folder).map(read);
    expect(killed).toMatchObject({ state: 'aborted', warnings: [{ code: 'killed' }] });
    expect(next?.state).toBe('finished');
    expect(readdirSync(env.TMPDIR)).toEqual([]);
  });
});

/** Looks again every 20 ms; the test's own time-out is the limit. */
async function untilProcess(program: Program, script: string): Promise<number> {
  // Looked up once: by the next look it may have ended.
  let pid = Number.NaN;
  await until(() => {
    const found = program.processes().find(({ command }) => command.includes(script));
    pid = found?.pid ?? pid;
    return found !== undefined;
  });
  return pid;
}

/** Of a folder that may be gone by now. */
function namesIn(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}

const read = (path: string): RunResult =>
  runResultSchema.parse(JSON.parse(readFileSync(path, 'utf8')));

/** Of a folder with one run. */
function runIn(folder: string): RunResult | undefined {
  const [file] = runFilesIn(folder);
  return file === undefined ? undefined : read(join(file));
}
