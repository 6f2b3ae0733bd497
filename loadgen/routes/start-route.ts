/**
 * A proxy in front of an origin, without a trial: started, and ended with everything it has, whoever wants
 * to look at it.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fault } from '../../core/errors.ts';
import { createTemporaryFolder } from '../../core/temporary-folder.ts';
import { endLeftGroup, LOG_FILE } from '../../proxies/instance.ts';
import { processTree } from '../../proxies/process-tree.ts';
import { proxies } from '../../proxies/registry.ts';
import type { Child, Supervisor } from '../child-process.ts';
import { TrialFailure } from '../child-process.ts';
import type { FromKeeper, KeeperConfig, ToKeeper } from './keeper-control.ts';
import type { ProxyRoute } from './plan.ts';

export interface RouteOptions {
  readonly supervisor: Supervisor;
  readonly route: Pick<ProxyRoute, 'proxy' | 'binary' | 'template'>;
  /** Where it passes on what it gets. */
  readonly origin: { readonly host: string; readonly port: number };
  /** Clients that there is to be room for. */
  readonly clients: number;
  /** Of the proxy; left out or 0: any that is free. */
  readonly port?: number;
  /** Paths of certificate and key, where clients are to be spoken with over TLS. */
  readonly tls?: KeeperConfig['tls'];
  readonly startTimeoutMs: number;
  /** Cores that it may run on; any, when empty or left out. */
  readonly cores?: readonly number[];
  /** How long a reload or a restart may take. */
  readonly replyTimeoutMs: number;
}

export interface StartedRoute {
  /** Where clients connect. */
  readonly endpoint: { readonly host: string; readonly port: number };
  /** All processes of the proxy as they are now, the first one first. */
  pids(): readonly number[];
  /** All that it said so far. */
  log(): string;
  /** Resolves when the proxy has read its configuration again. @throws TrialFailure */
  reload(): Promise<void>;
  /** Ends it and starts it again on the same port. @throws TrialFailure */
  restart(): Promise<void>;
  /** Rejects when the proxy has ended, whether or not it was asked to. */
  readonly failure: Promise<never>;
  /** Resolves when nothing of it is left: no process, no port, no folder. May be called twice. */
  stop(): Promise<void>;
}

/** @throws HarnessError `proxy-config-rejected` or `proxy-port-in-use`; TrialFailure when it does not start */
export async function startRoute(options: RouteOptions): Promise<StartedRoute> {
  const { supervisor, route, origin, clients, startTimeoutMs, replyTimeoutMs } = options;
  const { title } = proxies[route.proxy];
  const folder = createTemporaryFolder('route');
  const config: KeeperConfig = {
    proxy: route.proxy,
    binary: route.binary,
    folder,
    template: route.template,
    upstream: origin,
    port: options.port ?? 0,
    clients,
    tls: options.tls,
    startTimeoutMs,
  };
  const keeper: Child<ToKeeper, FromKeeper> = supervisor.start({
    title: `the route through ${title}`,
    script: './routes/keeper-main',
    config,
    cores: options.cores ?? [],
  });
  let pid: number | undefined;
  const stop = async (): Promise<void> => {
    await keeper.stop({ kind: 'stop' });
    // Where the keeper was killed, its guard ends the group; this waits for it.
    await endLeftGroup(folder);
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const answer = await Promise.race([
      keeper.next('routed', 2 * startTimeoutMs),
      refusal(keeper, 2 * startTimeoutMs),
    ]);
    if (answer.kind === 'refused') throw faultOf(answer, title, options.port ?? 0);
    pid = answer.pid;
    const renew = async (kind: 'reload' | 'restart'): Promise<void> => {
      const renewed = keeper.next('renewed', replyTimeoutMs);
      keeper.send({ kind });
      const { problem, pid: now } = await renewed;
      pid = now;
      if (problem !== undefined) throw new TrialFailure(problem);
    };
    return {
      endpoint: { host: '127.0.0.1', port: answer.port },
      pids: () => (pid === undefined ? [] : processTree(pid)),
      log: () => readLog(folder),
      reload: () => renew('reload'),
      restart: () => renew('restart'),
      failure: keeper.failure,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** One of two answers never comes; only the race with the other is waited for. */
function refusal(
  keeper: Child<ToKeeper, FromKeeper>,
  timeoutMs: number,
): Promise<Extract<FromKeeper, { kind: 'refused' }>> {
  const refused = keeper.next('refused', timeoutMs);
  refused.catch(() => undefined);
  return refused;
}

function faultOf(
  { trouble, says }: Extract<FromKeeper, { kind: 'refused' }>,
  proxy: string,
  port: number,
): Error {
  if (trouble === 'config') return fault('proxy-config-rejected', { proxy, says });
  if (trouble === 'port') return fault('proxy-port-in-use', { proxy, port, says });
  return new TrialFailure(`${proxy} ${says}`);
}

function readLog(folder: string): string {
  try {
    return readFileSync(join(folder, LOG_FILE), 'utf8');
  } catch {
    // It ended before it said anything, or was stopped.
    return '';
  }
}
