/** Every command that the README shows is run, and does what the README says. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..', '..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Commands that are not run here, and why. */
const notRun: Readonly<Record<string, string>> = {
  'npm ci && npm run bench broadcast':
    'its second half is run below; the first would replace the packages under this test',
  'npm ci && npm run test:setup && npm test': 'it is what runs this test',
  'npm run verify': 'it is what runs this test',
  'npm run tune -- --route nginx': 'minutes; test/e2e/tune.test.ts runs it, smaller',
  'npm run bench proxies -- --fast-timers':
    'eight minutes; test/e2e/proxies.test.ts runs it, smaller',
  'npm run bench keepalive': 'minutes; test/e2e/proxies.test.ts runs it, smaller',
  'npm run probe https://example.com/events':
    'nothing leaves this machine; test/e2e/probe.test.ts probes servers here',
  'npm run bench ./examples/scenarios/burst.scenario.ts': 'test/e2e/api.test.ts runs it, smaller',
  'npm run bench:self': 'ten minutes; it has limits of its own',
  'npm run bench:aa': 'half an hour; it has limits of its own',
  'npm run demo': 'it runs until Ctrl-C; test/e2e/demo-command.test.ts starts it',
  'npm run bench backpressure': 'test/e2e/stress-backpressure.test.ts runs it, smaller',
  'npm run bench reconnect': 'test/e2e/stress-reconnect.test.ts runs it, smaller',
  'npm run bench restart': 'test/e2e/stress-restart.test.ts runs it, smaller',
  'npm run bench heartbeat': 'test/e2e/stress-heartbeat.test.ts runs it, smaller',
  'npm run bench idle': 'test/e2e/stress-idle-soak.test.ts runs it, smaller',
  'npm run bench capacity': 'test/e2e/stress-capacity-sizes.test.ts runs it, smaller',
  'npm run bench sizes': 'test/e2e/stress-capacity-sizes.test.ts runs it, smaller',
  'npm run bench soak -- --duration 24h':
    'a day; test/e2e/stress-idle-soak.test.ts runs it, shorter',
  'npm run compare -- latest~1 latest':
    'the runs of this test are too short to compare; test/unit/compare-command.test.ts runs it',
  'npm run view': 'it runs until Ctrl-C; test/e2e/view.test.ts opens it in a browser',
  'npm run check -- broadcast --base-ref main --assert reach=1':
    'minutes, and it needs a branch; test/conformance/base-build.test.ts and test/e2e/check.test.ts',
  'npm run tail http://127.0.0.1:8080': 'it needs the demo; test/e2e/tail-send.test.ts runs it',
  'npm run send http://127.0.0.1:8080 hi': 'it needs the demo; test/e2e/tail-send.test.ts runs it',
};

const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)]
  .flatMap((match) => (match[1] ?? '').split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => line !== '');

const reports: string[] = [];
afterAll(() => {
  for (const report of reports) rmSync(join(report, '..'), { recursive: true, force: true });
});

function shell(command: string): Promise<{ code: number | null; output: string; stdout: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output, stdout }));
  });
}

/** As shown they take minutes: the same commands with one short round, everything else as written. */
function shortened(command: string): string {
  if (!command.includes(' bench ')) return command;
  const options = '--rounds 1 --warmup 300ms --duration 1s --control off --head-room off';
  return command.includes(' -- ') ? `${command} ${options}` : `${command} -- ${options}`;
}

describe('the README', () => {
  test('shows commands at all', () => {
    expect(commands.length).toBeGreaterThan(5);
    for (const command of Object.keys(notRun)) expect(commands).toContain(command);
  });

  test.each(commands.filter((command) => notRun[command] === undefined))('%s', async (command) => {
    const { code, output, stdout } = await shell(shortened(command));
    // 5: a busy machine may leave every trial of a quick look invalid, and says so.
    expect(command.includes(' bench ') ? [0, 5] : [0], output).toContain(code);
    expect(output).not.toMatch(/\n\s+at .*\.js:\d+/);
    if (command.includes('--json')) expect(() => JSON.parse(stdout)).not.toThrow();
    const report = /^report\s+(\S+)$/m.exec(output)?.[1];
    if (command.includes(' bench ') && !command.includes('--json')) {
      expect(report !== undefined && existsSync(report), output).toBe(true);
    }
    if (report !== undefined) reports.push(report);
  });
});
