/**
 * The gate on changes whose effect is known, as it runs in CI: a clone of this repository, a commit on top,
 * and the program that the clone builds. What is equal must pass, and what is worse must be found and named.
 * Takes minutes per change; `PUSHBENCH_GATE_TIMES` repeats the change that changes nothing.
 */
import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '..', '..');
const TIMES = Number(process.env['PUSHBENCH_GATE_TIMES'] ?? 1);
/** Three batches of eight rounds, and what a busy machine makes of them. */
const GATE_MS = 15 * 60_000;

let clone: string;

const git = (...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.invalid', ...args], {
    cwd: clone,
    encoding: 'utf8',
  }).trim();

beforeAll(() => {
  clone = mkdtempSync(join(tmpdir(), 'pushbench-gate-truth-'));
  execFileSync('git', ['clone', '--quiet', ROOT, clone]);
  // A link would make them other packages to the compiler.
  cpSync(join(ROOT, 'node_modules'), join(clone, 'node_modules'), { recursive: true });
  git('checkout', '--quiet', '-B', 'base');
}, 60_000);
afterAll(() => rmSync(clone, { recursive: true, force: true }));

/** One commit on top of the base, built. */
function head(file: string, text: string): void {
  git('checkout', '--quiet', '-B', 'head', 'base');
  appendFileSync(join(clone, file), text);
  git('commit', '--quiet', '--all', '--message', 'A change');
  execFileSync('npm', ['run', 'build'], { cwd: clone, stdio: 'pipe' });
}

interface Gate {
  readonly code: number | null;
  readonly says: string;
  readonly outcome: string;
  readonly findings: readonly { readonly metric: string; readonly state: string }[];
}

function gate(...args: string[]): Promise<Gate> {
  return new Promise((resolve, reject) => {
    const child = spawn(
      process.execPath,
      ['dist/cli/main.js', 'check', 'broadcast', '--base-ref', 'base', '--json', ...args],
      { cwd: clone, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.once('error', reject);
    child.once('close', (code) => {
      if (out === '') reject(new Error(`the gate said nothing (exit ${code}):\n${err}`));
      else resolve({ ...(JSON.parse(out) as Omit<Gate, 'code'>), code });
    });
  });
}

const regressed = ({ findings }: Gate): string[] =>
  findings.filter(({ state }) => state === 'regressed').map(({ metric }) => metric);

describe('a change that makes nothing worse', () => {
  test(
    'in the documentation alone is the same build, and nothing is run',
    async () => {
      head('README.md', '\nOne more line.\n');
      const decided = await gate();
      expect(decided.says).toContain('same build');
      expect(decided).toMatchObject({ code: 0, findings: [] });
    },
    GATE_MS,
  );

  test.each(Array.from({ length: TIMES }, (_, time) => time + 1))(
    'in what a server is built from passes (%i)',
    async (time) => {
      head('servers/hub.ts', `\n/** Of no effect. */\nexport const UNUSED = ${time};\n`);
      const decided = await gate('--seed', String(time));
      expect(regressed(decided), decided.says).toEqual([]);
      expect(decided.code, decided.says).toBe(0);
    },
    GATE_MS,
  );
});

describe('a change that makes something worse is found and named', () => {
  test.each([
    ['3 µs of CPU more for every delivery', 'cpu=3us', 'sse.server.cpu'],
    ['one message in 50 held back for 5 ms', 'delay=5ms,share=2%', 'sse.latency.p99'],
    ['one delivery in 10,000 left out', 'drop=0.01%', 'sse.reach'],
  ])(
    '%s',
    async (_, inject, metric) => {
      head('servers/hub.ts', '\n/** Of no effect. */\nexport const UNUSED = 0;\n');
      const decided = await gate('--inject', inject);
      expect(regressed(decided), decided.says).toContain(metric);
      expect(decided.code, decided.says).toBe(1);
    },
    GATE_MS,
  );
});
