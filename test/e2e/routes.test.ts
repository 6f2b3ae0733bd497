/**
 * Real proxies as routes of the real program: everything gets through each of them, what cannot be run is
 * said, and whatever ends the program ends the proxies.
 */
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { TestContext } from 'vitest';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../core/free-port.ts';
import type { RunResult } from '../../core/result.ts';
import { startInstance } from '../../proxies/instance.ts';
import type { ProxyName } from '../../proxies/registry.ts';
import { proxies } from '../../proxies/registry.ts';
import type { Finished } from '../program.ts';
import {
  runProgram as runAnywhere,
  runFilesIn,
  startProgram as startAnywhere,
  temporaryFolder,
} from '../program.ts';
import { instanceOptions, programOf } from '../real-proxy.ts';

const out = temporaryFolder();
/** Of the programs of this file alone: others run beside it, and have folders of routes too. */
const temporary = temporaryFolder();
// A proxy that root starts runs as nobody, who has to get there.
chmodSync(temporary, 0o755);

const startProgram: typeof startAnywhere = (args, env = {}) =>
  startAnywhere(args, { TMPDIR: temporary, ...env });
const runProgram: typeof runAnywhere = (args, env = {}) =>
  runAnywhere(args, { TMPDIR: temporary, ...env });
const CLIENTS = 8;
const TINY = ['--clients', String(CLIENTS), '--rate', '20/s', '--warmup', '0ms', '--rounds', '1'];
const SHORT = [...TINY, '--duration', '500ms'];
const LONG = [...TINY, '--duration', '60s'];
const names = Object.keys(proxies) as ProxyName[];

const lastRun = (folder: string): RunResult =>
  JSON.parse(readFileSync(runFilesIn(folder).at(-1) ?? '', 'utf8')) as RunResult;

const folders = (): string[] =>
  readdirSync(temporary).filter((name) => name.startsWith('pushbench-route-'));

test('everything arrives through every proxy, on both transports', async (context) => {
  for (const name of names) programOf(name, context);
  const route = ['--route', names.join(','), '--arms', 'sse,ws,raw'];
  const { code, stderr } = await runProgram([
    'bench',
    'broadcast',
    ...SHORT,
    ...route,
    '--out',
    out,
  ]);
  expect([0, 5], stderr).toContain(code);
  const run = lastRun(out);
  expect(run.arms.map(({ name }) => name)).toEqual([
    ...names.map((name) => `sse@${name}`),
    ...names.map((name) => `ws@${name}`),
  ]);
  expect(stderr).toContain('skipped: raw@nginx: it is not HTTP');
  expect(run.trials).toHaveLength(8);
  for (const { arm, outcome, says, ledger, metrics } of run.trials) {
    expect({ arm, outcome, says }).toEqual({ arm, outcome: 'completed', says: undefined });
    expect(ledger).toMatchObject({ expected: 80, received: 80, lost: 0, duplicated: 0 });
    expect(metrics['reach']).toBe(1);
    // A proxy that did nothing would be none.
    expect(metrics['proxy.cpu']).toBeGreaterThan(0);
  }
  expect(Object.keys(run.environment.proxies ?? {})).toEqual(names);
  expect(run.routes?.map(({ name }) => name)).toEqual(names);
  for (const { version, hash, config, preset } of run.routes ?? []) {
    expect(version).toMatch(/^\d+\.\d+/);
    expect(hash).toMatch(/^[0-9a-f]{12}$/);
    expect(config).toContain('{listen}');
    expect(preset).toBe('stock');
  }
  expect(folders()).toEqual([]);
});

test('nginx ends TLS, and settings and presets are arms of their own', async (context) => {
  programOf('nginx', context);
  const route = ['--tls', '--route', 'nginx', '--proxy-preset', 'stock,recommended'];
  const set = ['--proxy-set', 'nginx.proxy_buffering=off', '--proxy-set', 'nginx.tcp_nodelay=on'];
  const args = ['--arms', 'sse', ...route, ...set, '--out', out];
  const { code, stderr } = await runProgram(['bench', 'broadcast', ...SHORT, ...args]);
  expect([0, 5], stderr).toContain(code);
  const { arms, trials, routes = [], command } = lastRun(out);
  expect(arms.map(({ name }) => name)).toEqual(['sse@nginx-stock', 'sse@nginx-recommended']);
  for (const { ledger } of trials) expect(ledger).toMatchObject({ expected: 80, received: 80 });
  const configs = routes.map(({ config = '' }) => config);
  expect(configs).toHaveLength(2);
  for (const config of configs) {
    expect(config).toContain('listen {listen} ssl;');
    expect(config).toContain('proxy_buffering off;');
    expect(config).toContain('tcp_nodelay on;');
  }
  expect(new Set(routes.map(({ hash }) => hash)).size).toBe(2);
  expect(command).toContain("--proxy-set 'nginx.proxy_buffering=off; nginx.tcp_nodelay=on'");
});

test('a relay of ours delays, each way', async () => {
  const route = ['--route', 'relay:delay=30ms,bandwidth=1MiB/s', '--arms', 'raw,ws'];
  const { code, stderr } = await runProgram([
    'bench',
    'broadcast',
    ...SHORT,
    ...route,
    '--out',
    out,
  ]);
  expect([0, 5], stderr).toContain(code);
  const { trials, routes = [] } = lastRun(out);
  expect(trials.map(({ arm }) => arm).sort()).toEqual(['raw@relay', 'ws@relay']);
  for (const { ledger, metrics } of trials) {
    expect(ledger).toMatchObject({ expected: 80, received: 80 });
    expect(metrics['latency.p50']).toBeGreaterThanOrEqual(30_000);
    expect(metrics['proxy.cpu']).toBeUndefined();
  }
  expect(routes[0]?.says).toContain('it cannot lose packets');
});

test('an address leads to the server by whatever is there, below its path', async (context) => {
  const port = await freePort(['127.0.0.1']);
  const options = instanceOptions('nginx', context, port);
  const below = options.template.replace('location / {', 'location /app/ {');
  const template = below.replace('proxy_pass http://origin;', 'proxy_pass http://origin/;');
  const edge = await startInstance({ ...options, template });
  onTestFinished(() => edge.stop());
  const route = ['--route', `url:http://127.0.0.1:${edge.port}/app`, '--port', String(port)];
  const args = ['--arms', 'sse,ws', '--publish-from', 'client', ...route, '--out', out];
  const { code, stderr } = await runProgram(['bench', 'broadcast', ...SHORT, ...args]);
  expect([0, 5], stderr).toContain(code);
  const { trials } = lastRun(out);
  expect(trials.map(({ arm }) => arm).sort()).toEqual(['sse@url', 'ws@url']);
  for (const { ledger } of trials) expect(ledger).toMatchObject({ expected: 80, received: 80 });
});

describe('what cannot be run', () => {
  test('a configuration that the proxy refuses is quoted with its line', async (context) => {
    programOf('nginx', context);
    const file = join(out, 'mine.conf');
    const text =
      'events {}\nhttp { server { listen {listen}; bufering on; proxy_pass http://{upstream}; } }';
    writeFileSync(file, text);
    const args = ['--route', 'nginx', '--proxy-config', file, '--out', join(out, 'refused')];
    const { code, stderr } = await runProgram(['bench', 'broadcast', ...SHORT, ...args]);
    expect(code).toBe(2);
    expect(stderr).toContain('unknown directive "bufering" in nginx.conf:2 (the line is: http {');
    expect(stderr).toContain('--proxy-config');
    expect(existsSync(join(out, 'refused'))).toBe(false);
  });

  test('without its program a route is left out, and the others are run', async () => {
    const path = mkdtempSync(join(out, 'path-'));
    for (const program of ['node', 'taskset', 'sh']) {
      const found = [dirname(process.execPath), '/usr/bin', '/bin']
        .map((folder) => join(folder, program))
        .find((one) => existsSync(one));
      if (found !== undefined) symlinkSync(found, join(path, program));
    }
    const some = ['--arms', 'ws', '--route', 'nginx,direct', '--out', out];
    const both = await runProgram(['bench', 'broadcast', ...SHORT, ...some], { PATH: path });
    expect([0, 5], both.stderr).toContain(both.code);
    expect(both.stderr).toContain('skipped: --route nginx: it is not installed (');
    expect(lastRun(out).trials.map(({ arm }) => arm)).toEqual(['ws']);
    const none = await runProgram(['bench', 'broadcast', ...SHORT, '--route', 'caddy'], {
      PATH: path,
    });
    expect(none.code).toBe(3);
    expect(none.stderr).toMatch(/Caddy is not installed\.\n.*install caddy/);
  });
});

/** A run that would go on, stopped as soon as its load is under way. */
async function underWay(name: ProxyName, context: TestContext) {
  programOf(name, context);
  const folder = mkdtempSync(join(out, 'run-'));
  const route = ['--arms', 'ws', '--route', name, '--out', folder];
  const program = startProgram(['bench', 'broadcast', ...LONG, ...route]);
  await clientsThrough(name, program.finished);
  const [routeFolder = ''] = folders();
  const group = Number(readFileSync(join(temporary, routeFolder, 'group'), 'utf8').split('-')[0]);
  return { ...program, folder, group };
}

/** Resolves when the kernel lists all clients at the port that the configuration of the proxy names. */
async function clientsThrough(name: ProxyName, finished: Promise<Finished>): Promise<void> {
  let isOver = false;
  finished.then(() => {
    isOver = true;
  }, String);
  while (!isOver) {
    const file = join(temporary, folders().at(-1) ?? '', proxies[name].configName);
    const config = existsSync(file) ? readFileSync(file, 'utf8') : '';
    const port = Number(/(?:listen|bind|Listen) 127\.0\.0\.1:(\d+)/.exec(config)?.[1] ?? 0);
    const local = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    const table = readFileSync('/proc/net/tcp', 'latin1').split('\n');
    // Local address, remote address, state: 01 is an established connection.
    const open = table.filter((line) => new RegExp(`: ${local} \\S+ 01 `).test(line));
    if (open.length >= CLIENTS) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error((await finished).stderr);
}

/** Nothing is left when the processes have noticed, which is at once. */
async function allGone(processes: () => readonly unknown[]): Promise<void> {
  const until = performance.now() + 10_000;
  while (processes().length > 0 || folders().length > 0) {
    if (performance.now() > until) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(processes()).toEqual([]);
  expect(folders()).toEqual([]);
}

const groupOf = (group: number): string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      const [state, , of] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return Number(of) === group && state !== 'Z';
    } catch {
      // No process, or one that has ended by now.
      return false;
    }
  });

describe('in the middle of a trial', () => {
  test.for([
    { name: 'nginx', signal: 'SIGKILL', code: null },
    { name: 'apache', signal: 'SIGINT', code: 130 },
  ] as const)('$signal to the program ends $name with everything', async (one, context) => {
    const { child, finished, processes, group } = await underWay(one.name, context);
    expect(groupOf(group).length).toBeGreaterThan(1);
    child.kill(one.signal);
    expect((await finished).code).toBe(one.code);
    await allGone(() => [...processes(), ...groupOf(group)]);
  });

  test('a proxy that dies fails its trial in a sentence, and its log is kept', async (context) => {
    const { finished, group, processes, folder } = await underWay('haproxy', context);
    process.kill(group, 'SIGKILL');
    const { code, stderr } = await finished;
    expect(code, stderr).toBe(3);
    const { trials, warnings } = lastRun(folder);
    expect(trials[0]?.says).toContain('HAProxy was ended by SIGKILL');
    expect(warnings.find(({ code }) => code === 'trial-failed')?.hint).toContain('route-….log');
    const [log = ''] = readdirSync(dirname(runFilesIn(folder)[0] ?? '')).filter((name) =>
      name.startsWith('route-'),
    );
    expect(log).toBe('route-ws@haproxy-1.log');
    await allGone(() => [...processes(), ...groupOf(group)]);
  });
});
