/**
 * One running proxy: started from a folder of its own as nobody in particular, watched, and ended with all
 * its processes. They are one group, which a shell ends as soon as this process is gone, however that came
 * about: nginx leaves its workers behind when its master is killed.
 */
import type { ChildProcess } from 'node:child_process';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { reasonOf } from '../core/errors.ts';
import { freePort } from '../core/free-port.ts';
import { howItEnded } from '../core/process-end.ts';
import { ownerOf } from '../core/process-owner.ts';
import { endGroup, groupExists, processTree } from './process-tree.ts';
import type { Place, ProxyProgram } from './proxy.ts';
import { fill, roomFor } from './template.ts';
import { complaintOf, ProxyTrouble } from './trouble.ts';

/** In the folder: all that the proxy said. */
export const LOG_FILE = 'proxy.log';
/** In the folder: whose group it is, for whoever finds the folder later. */
const GROUP_FILE = 'group';
const HOST = '127.0.0.1';
/** Who has no rights anywhere: `nobody`. */
const NOBODY = 65_534;
const LOOK_MS = 10;
const CHECK_TIMEOUT_MS = 15_000;
const RELOAD_TIMEOUT_MS = 10_000;
/** How long it may take to end in good order: its clients have left by then. */
const STOP_MS = 1_000;
const KILL_MS = 5_000;

export interface InstanceOptions {
  readonly proxy: ProxyProgram;
  readonly binary: string;
  /** Exists, is empty, and is removed by whoever made it. */
  readonly folder: string;
  readonly template: string;
  readonly upstream: { readonly host: string; readonly port: number };
  /** Left out or 0: any that is free. */
  readonly port?: number | undefined;
  readonly clients: number;
  /** Paths of certificate and key, where clients are to be spoken with over TLS. */
  readonly tls?: { readonly cert: string; readonly key: string } | undefined;
  readonly startTimeoutMs: number;
}

export interface Instance {
  readonly port: number;
  /** Its first process, which is also the number of the group. */
  readonly pid: number;
  /** Resolves with the words for it when the proxy has ended although nobody asked it to. */
  readonly ended: Promise<string>;
  /** Resolves when the new configuration is in force. @throws ProxyTrouble */
  reload(): Promise<void>;
  /** Ends it and starts it again on the same port. @throws ProxyTrouble */
  restart(): Promise<void>;
  /** Resolves when nothing of it is left. */
  stop(): Promise<void>;
}

/** Writes the configuration and has the proxy look at it. @throws ProxyTrouble `config` or `port` */
export async function checkInstance(options: InstanceOptions): Promise<Place & { port: number }> {
  const { proxy, folder, template, upstream, clients, tls } = options;
  const port = await portFor(options.port ?? 0);
  const place = { folder, config: join(folder, proxy.configName), port };
  const config = fill(template, {
    listen: `${HOST}:${port}`,
    upstream: `${upstream.host}:${upstream.port}`,
    folder,
    modules: proxy.moduleFolders?.find((path) => existsSync(path)) ?? '',
    ...roomFor(clients),
    ...writeCertificate(folder, tls),
  });
  writeFileSync(place.config, config, { mode: 0o600 });
  closeSync(openSync(join(folder, LOG_FILE), 'a', 0o600));
  giveToNobody(folder);
  const found = await runOnce(options, place, proxy.check(place));
  if (found !== undefined) throw new ProxyTrouble('config', complaintOf(found, proxy, config));
  return place;
}

/** @throws ProxyTrouble */
export async function startInstance(options: InstanceOptions): Promise<Instance> {
  const place = await checkInstance(options);
  let running = await startGroup(options, place);
  let tellEnd: (how: string) => void = () => undefined;
  const ended = new Promise<string>((resolve) => {
    tellEnd = resolve;
  });
  const watch = (group: Group): void => {
    group.gone.then((how) => {
      if (group.isWanted) tellEnd(`${how}${lastWords(options)}`);
    }, tellEnd);
  };
  watch(running);
  return {
    port: place.port,
    get pid() {
      return running.pid;
    },
    ended,
    reload: () => reload(options, place, running.pid),
    async restart() {
      await running.end();
      running = await startGroup(options, place);
      watch(running);
    },
    stop: () => running.end(),
  };
}

interface Group {
  readonly pid: number;
  /** Whether nobody has asked it to end yet. */
  readonly isWanted: boolean;
  readonly gone: Promise<string>;
  end(): Promise<void>;
}

async function startGroup(
  options: InstanceOptions,
  place: Place & { port: number },
): Promise<Group> {
  const { proxy, binary, startTimeoutMs } = options;
  const log = openSync(join(place.folder, LOG_FILE), 'a');
  const child = spawn(binary, [...proxy.run(place)], {
    ...surroundings(proxy, place),
    // A group of its own: Ctrl-C is for the controller, and one signal ends all of it.
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  const gone = endOf(child);
  const { pid } = child;
  if (pid === undefined) throw new ProxyTrouble('start', await gone);
  writeFileSync(join(place.folder, GROUP_FILE), ownerOf(pid));
  const guard = guardGroup(pid);
  let isWanted = true;
  const group: Group = {
    pid,
    gone,
    get isWanted() {
      return isWanted;
    },
    async end() {
      isWanted = false;
      if (child.exitCode === null && child.signalCode === null) child.kill(proxy.stop);
      await Promise.race([gone, pause(STOP_MS, undefined, { ref: false })]);
      const isGone = await endGroup(pid, KILL_MS);
      // Apache httpd takes its number in a file for one that runs, for as long as nobody has noticed its end.
      if (isGone) await gone;
      guard.release();
      if (!isGone) throw new ProxyTrouble('start', `${proxy.title} could not be ended`);
    },
  };
  let how: string | undefined;
  gone.then((said) => {
    how = said;
  }, String);
  const until = performance.now() + startTimeoutMs;
  while (!(await answers(place.port))) {
    const late = performance.now() > until;
    if (how !== undefined || late) {
      const what = how ?? `did not listen within ${Math.round(startTimeoutMs)} ms`;
      await group.end();
      throw new ProxyTrouble('start', `${what}${lastWords(options)}`);
    }
    await pause(LOOK_MS);
  }
  return group;
}

/** As nobody, where this process could give rights away that the proxy need not have. */
function surroundings(proxy: ProxyProgram, place: Place) {
  const env = { ...process.env, ...proxy.env?.(place) };
  const nobody = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  return { cwd: place.folder, env, ...nobody };
}

function giveToNobody(folder: string): void {
  if (process.getuid?.() !== 0) return;
  chownSync(folder, NOBODY, NOBODY);
  for (const name of readdirSync(folder)) chownSync(join(folder, name), NOBODY, NOBODY);
}

/** Ends the group when its input ends, which is when this process is no more; a line releases it. */
function guardGroup(group: number): { release(): void } {
  const guard = spawn(
    'sh',
    ['-c', 'read -r line || kill -s KILL -- "-$1"', 'guard', String(group)],
    {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  // It has ended before it was let go: the group is ended by other means, then.
  guard.stdin.on('error', () => undefined);
  guard.on('error', () => undefined);
  return { release: () => guard.stdin.end('released\n') };
}

function endOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(howItEnded(code, signal)));
  });
}

function lastWords({ proxy, folder }: InstanceOptions): string {
  const log = readFileSync(join(folder, LOG_FILE), 'utf8');
  return log.trim() === '' ? '' : `: ${complaintOf(log, proxy)}`;
}

async function reload(
  options: InstanceOptions,
  place: Place & { port: number },
  pid: number,
): Promise<void> {
  const { proxy, folder } = options;
  const how = proxy.reload(place);
  if ('args' in how) {
    const problem = await runOnce(options, place, how.args);
    if (problem !== undefined) throw new ProxyTrouble('config', complaintOf(problem, proxy));
    return;
  }
  const before = new Set(processTree(pid));
  const from = readFileSync(join(folder, LOG_FILE), 'utf8').length;
  process.kill(pid, how.signal);
  const until = performance.now() + RELOAD_TIMEOUT_MS;
  while (proxy.replacesProcesses && processTree(pid).every((one) => before.has(one))) {
    if (performance.now() > until) {
      const said = readFileSync(join(folder, LOG_FILE), 'utf8').slice(from);
      const why = said.trim() === '' ? 'nothing changed' : complaintOf(said, proxy);
      throw new ProxyTrouble(
        'config',
        `${proxy.title} did not take its configuration anew: ${why}`,
      );
    }
    await pause(LOOK_MS);
  }
}

/** Runs the program for a moment. @returns all that it said, if it was not content */
async function runOnce(
  { proxy, binary }: InstanceOptions,
  place: Place,
  args: readonly string[],
): Promise<string | undefined> {
  return new Promise((resolve) => {
    const options = { ...surroundings(proxy, place), timeout: CHECK_TIMEOUT_MS };
    execFile(binary, [...args], options, (error, stdout, stderr) => {
      if (error === null) resolve(undefined);
      else resolve(`${stderr}\n${stdout}`.trim() || reasonOf(error));
    });
  });
}

function writeCertificate(folder: string, tls: InstanceOptions['tls']): Record<string, string> {
  if (tls === undefined) return {};
  const [certificate, secret] = [readFileSync(tls.cert), readFileSync(tls.key)];
  const put = (name: string, bytes: Buffer): string => {
    const path = join(folder, name);
    writeFileSync(path, bytes, { mode: 0o600 });
    return path;
  };
  return {
    cert: put('cert.pem', certificate),
    key: put('key.pem', secret),
    // HAProxy wants both in one.
    pem: put('both.pem', Buffer.concat([certificate, secret])),
  };
}

/** @param wanted 0: any. @throws ProxyTrouble `port` */
async function portFor(wanted: number): Promise<number> {
  try {
    return await freePort([HOST], wanted);
  } catch (error) {
    throw new ProxyTrouble('port', `port ${wanted} on ${HOST}: ${reasonOf(error)}`);
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect({ host: HOST, port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    // Nobody listens yet.
    return false;
  } finally {
    socket.destroy();
  }
}

/** Ends what is left of a proxy in whose folder one has found something. @returns whether there was anything */
export async function endLeftGroup(folder: string): Promise<boolean> {
  const file = join(folder, GROUP_FILE);
  if (!existsSync(file)) return false;
  const owner = readFileSync(file, 'utf8');
  const group = Number(owner.split('-')[0]);
  // No number is given away while a group has it: a living leader is this one, or somebody else's process.
  const leader = ownerOf(group);
  if (!(group > 0) || (leader !== owner && !leader.endsWith('-0'))) return false;
  const wasThere = groupExists(group);
  await endGroup(group, KILL_MS);
  return wasThere;
}
