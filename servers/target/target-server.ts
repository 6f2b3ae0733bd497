/**
 * Somebody else's server for the time of one trial: its files written, started on a port, waited for, looked
 * at, published through, and ended. What it does itself is its own affair.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import type { ServerConfig } from '../../core/control.ts';
import { READY_MS } from '../../core/control.ts';
import { freePort } from '../../core/free-port.ts';
import type { LoadedTarget } from '../../core/target.ts';
import type { Endpoint } from '../../core/transport.ts';
import type { CommandGroup } from './command-group.ts';
import { startGroup } from './command-group.ts';
import type { CostSource } from './cost-source.ts';
import { openCostSource } from './cost-source.ts';
import { endpointOf } from './dialect.ts';
import { startGuard } from './guard.ts';
import type { Places } from './placeholders.ts';
import { fill, fillAll, fillCommand, titleOf } from './placeholders.ts';
import type { TargetPublisher } from './publisher.ts';
import { openPublisher } from './publisher.ts';
import type { Sign } from './readiness.ts';
import { checkRunning, waitUntilFree, waitUntilReady } from './readiness.ts';
import { TargetFailure } from './target-failure.ts';

/** How long it may take to end when asked; the controller waits for all of it. */
const STOP_MS = 2_500;

export interface TargetServer {
  readonly endpoint: Endpoint;
  /** What `{port}` is; that of the endpoint, where the server ran already. */
  readonly port: number;
  readonly cost: CostSource;
  readonly publisher: TargetPublisher;
  /** Rejects with a TargetFailure when the server ends although nobody asked it to. Never resolves. */
  readonly failure: Promise<never>;
  stop(): Promise<void>;
}

type Config = Pick<ServerConfig, 'transport' | 'port' | 'cores'> & {
  readonly target: LoadedTarget;
  readonly tag: string;
};

/** @throws TargetFailure when it does not come about; nothing is left then */
export async function startTarget(config: Config): Promise<TargetServer> {
  const { target, transport, tag } = config;
  const guard = startGuard();
  let group: CommandGroup | undefined;
  let publisher: TargetPublisher | undefined;
  let isStopping = false;
  const stop = async (): Promise<void> => {
    isStopping = true;
    await publisher?.close();
    await group?.stop(STOP_MS);
    await guard.release();
  };
  try {
    const port =
      target.start === undefined ? undefined : config.port || (await freePort(['127.0.0.1']));
    const places: Places = { port, folder: guard.folder };
    const endpoint = endpointOf(target, transport, places, tag);
    writeFiles(target, places);
    if (target.start === undefined) {
      await checkRunning(titleOf(target), endpoint.host, endpoint.port);
    } else {
      await waitUntilFree(titleOf(target), endpoint.host, endpoint.port);
      group = startGroup(fillCommand(target.start.command, places), {
        cwd: target.cwd,
        env: { ...fillAll(target.env, places), PORT: String(port) },
        cores: config.cores ?? [],
        guard,
      });
      const { timeoutMs = READY_MS } = target.start;
      await waitUntilReady(titleOf(target), group, signOf(target, endpoint, places), timeoutMs);
    }
    const cost = await openCostSource(target, group?.pid, places);
    publisher = await openPublisher(target, places, guard);
    return {
      endpoint,
      port: port ?? endpoint.port,
      cost,
      publisher,
      failure: failureOf(target, group, () => isStopping),
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function signOf({ start }: LoadedTarget, { host, port }: Endpoint, places: Places): Sign {
  const ready = start?.ready;
  if (ready === undefined) return { host, port };
  return 'url' in ready ? { url: fill(ready.url, places) } : { output: new RegExp(ready.output) };
}

function writeFiles({ files, name }: LoadedTarget, places: Places): void {
  for (const [path, text] of Object.entries(files ?? {})) {
    const place = join(places.folder, path);
    const inside = relative(places.folder, place);
    if (isAbsolute(path) || inside.startsWith('..')) {
      throw new TargetFailure(`${name}: the file '${path}' would not lie in {folder}`);
    }
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, fill(text, places));
  }
}

async function failureOf(
  target: LoadedTarget,
  group: CommandGroup | undefined,
  isStopping: () => boolean,
): Promise<never> {
  const ended = await (group?.ended ?? new Promise<never>(() => undefined));
  if (isStopping()) return new Promise<never>(() => undefined);
  throw new TargetFailure(
    `In the middle of the trial ${titleOf(target)} ${ended.says}`,
    group?.lastWords(),
  );
}
