/**
 * The route of a trial: made when the server listens and before anybody connects, and taken apart at the
 * end of the trial, whatever that is. From then on the endpoint of the trial is where the route begins.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Endpoint } from '../../core/transport.ts';
import type { Child } from '../child-process.ts';
import { hostOf, isSecure, portOf } from '../probing/endpoint.ts';
import type { FromRelay, RelayConfig, ToRelay } from '../relay-control.ts';
import type { TrialPlan, TrialSetup } from '../trial.ts';
import type { TrialContext } from '../trial-context.ts';
import type { ProxyRoute, RelayRoute, UrlRoute } from './plan.ts';
import { startRoute } from './start-route.ts';

/** How the server is to be set up behind the route of the trial. */
export function behindRoute(setup: TrialSetup): TrialSetup {
  const { route } = setup;
  if (route === undefined) return setup;
  // What is in between has one address, and a proxy ends TLS: the server behind it speaks none.
  return { ...setup, addresses: 1, ...(route.kind === 'proxy' ? { tls: undefined } : {}) };
}

/** @param setup of the trial as it was asked for, with TLS towards the clients */
export async function openRoute(
  context: TrialContext,
  clients: number,
  { route, tls }: TrialSetup,
): Promise<void> {
  switch (route?.kind) {
    case 'proxy':
      return openProxy(route, context, clients, tls);
    case 'relay':
      return openRelay(route, context);
    case 'url':
      context.endpoint = endpointAt(route, context.endpoint);
      return;
    case undefined:
  }
}

/** All that the proxy of a failed trial said, where somebody will look for it. */
export function keepRouteLog(
  { route }: TrialContext,
  { logFolder }: TrialSetup,
  { arm, round, attempt }: TrialPlan,
): void {
  if (route === undefined || logFolder === undefined) return;
  const name = `route-${arm.name}-${round + 1}${attempt === 0 ? '' : `-${attempt + 1}`}.log`;
  writeFileSync(join(logFolder, name), route.log());
}

async function openProxy(
  route: ProxyRoute,
  context: TrialContext,
  clients: number,
  tls: TrialSetup['tls'],
): Promise<void> {
  const { setup, supervisor, endpoint } = context;
  const { host, port } = endpoint;
  const started = await startRoute({
    supervisor,
    route,
    origin: { host, port },
    clients,
    tls,
    // Where there is time: on the server's cores it would take the server's, on the others the generator's.
    cores: [...setup.cores.server, ...setup.cores.generator],
    startTimeoutMs: setup.startTimeoutMs,
    replyTimeoutMs: setup.replyTimeoutMs,
  });
  context.route = started;
  context.cleanups.push(() => started.stop());
  context.endpoint = {
    ...endpoint,
    ...started.endpoint,
    // The certificate of a run is its own authority.
    ...(tls === undefined ? {} : { tls: { ca: readFileSync(tls.cert, 'utf8') } }),
  };
}

async function openRelay({ shape }: RelayRoute, context: TrialContext): Promise<void> {
  const { setup, supervisor, endpoint } = context;
  const { host, port } = endpoint;
  const config: RelayConfig = {
    epoch: setup.epoch,
    host: setup.host,
    target: { host, port },
    shape,
    seed: context.seed,
  };
  const relay: Child<ToRelay, FromRelay> = supervisor.start({
    title: 'the relay of the route',
    script: './relay-main',
    config,
    cores: setup.cores.generator,
  });
  context.cleanups.push(() => relay.stop({ kind: 'stop' }));
  const relaying = await relay.next('relaying', setup.startTimeoutMs);
  context.endpoint = { ...endpoint, port: relaying.port };
  // Of each connection, in each direction: what a load is held against that this path may be too narrow for.
  if (shape.bytesPerS !== undefined) context.probes['routeBytesPerS'] = shape.bytesPerS;
}

/** The paths of the server below that of the address. */
function endpointAt({ url }: UrlRoute, endpoint: Endpoint): Endpoint {
  const address = new URL(url);
  const prefix = address.pathname.replace(/\/$/, '');
  const { upstreamPath, sessionsPath, tls: _own, ...rest } = endpoint;
  return {
    ...rest,
    host: hostOf(address),
    port: portOf(address),
    path: `${prefix}${endpoint.path}`,
    ...(upstreamPath === undefined ? {} : { upstreamPath: `${prefix}${upstreamPath}` }),
    ...(sessionsPath === undefined ? {} : { sessionsPath: `${prefix}${sessionsPath}` }),
    ...(isSecure(address) ? { tls: {} } : {}),
  };
}
