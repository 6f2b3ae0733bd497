/** An origin and a route in front of it, for the measures of one pass; ended together, on every path. */
import { reasonOf } from '../../core/errors.ts';
import type { StreamKind } from '../../core/records/probe.ts';
import { proxies } from '../../proxies/registry.ts';
import type { Supervisor } from '../child-process.ts';
import { TrialFailure } from '../child-process.ts';
import type { ProbeEndpoint } from '../probing/endpoint.ts';
import { startOrigin } from '../probing/origin.ts';
import type { ProxyRoute } from '../routes/plan.ts';
import type { StartedRoute } from '../routes/start-route.ts';
import { startRoute } from '../routes/start-route.ts';
import type { Edit, StudyPath } from './measure.ts';

/** Connections that a proxy is to have room for. */
const CLIENTS = 1_000;
const START_TIMEOUT_MS = 20_000;
const REPLY_TIMEOUT_MS = 30_000;
const CONNECT_TIMEOUT_MS = 10_000;
const HOST = '127.0.0.1';

export interface PathOptions {
  readonly supervisor: Supervisor;
  /** Undefined: nothing in between. */
  readonly route: ProxyRoute | undefined;
  readonly maxMs: number;
  readonly signal: AbortSignal;
}

export interface OpenedPath {
  over(transport: StreamKind): StudyPath;
  /** Undefined on the direct path. */
  readonly route: StartedRoute | undefined;
  close(): Promise<void>;
}

/** @throws HarnessError or TrialFailure where the proxy does not start */
export async function openPath(options: PathOptions): Promise<OpenedPath> {
  const { supervisor, route, maxMs, signal } = options;
  const started: StartedRoute[] = [];
  const origin = await startOrigin(HOST);
  const to = async (port: number, edit?: Edit): Promise<StartedRoute | undefined> => {
    if (route === undefined) return undefined;
    const one = await startRoute({
      supervisor,
      route: edit === undefined ? route : edited(route, edit),
      origin: { host: HOST, port },
      clients: CLIENTS,
      startTimeoutMs: START_TIMEOUT_MS,
      replyTimeoutMs: REPLY_TIMEOUT_MS,
    });
    started.push(one);
    return one;
  };
  const close = async (): Promise<void> => {
    await Promise.all([origin.close(), ...started.map((one) => one.stop())]);
  };
  try {
    const first = await to(origin.port);
    return {
      route: first,
      close,
      over: (transport) => ({
        transport,
        origin,
        endpoint: endpointAt(first?.endpoint.port ?? origin.port, transport),
        direct: endpointAt(origin.port, transport),
        pids: () => first?.pids() ?? [],
        to: async (port) => endpointAt((await to(port))?.endpoint.port ?? port, transport),
        async another(edit) {
          const one = await to(origin.port, edit).catch((error: unknown) => {
            // What was asked for is refused, and not what somebody has written.
            throw edit === undefined ? error : new TrialFailure(reasonOf(error));
          });
          return {
            endpoint: endpointAt(one?.endpoint.port ?? origin.port, transport),
            renew: one && ((how) => one[how]()),
            pids: () => one?.pids() ?? [],
            stop: async () => one?.stop(),
          };
        },
        maxMs,
        signal,
      }),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const edited = (route: ProxyRoute, edit: Edit): ProxyRoute => ({
  ...route,
  template: edit(proxies[route.proxy], route.template),
});

const endpointAt = (port: number, transport: StreamKind): ProbeEndpoint => ({
  url: new URL(`http://${HOST}:${port}`),
  transport,
  headers: {},
  userAgent: 'pushbench (+study)',
  insecure: false,
  timeoutMs: CONNECT_TIMEOUT_MS,
});
