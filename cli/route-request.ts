/** Arms times routes: every arm on every route that it can take, and why it cannot take the others. */
import { fault } from '../core/errors.ts';
import type { Arm, Point } from '../core/result.ts';
import type { Cut, Phase } from '../core/scenario.ts';
import type { LoadedTarget } from '../core/target.ts';
import type { Transport } from '../core/transport.ts';
import type { RoutePlan } from '../loadgen/routes/plan.ts';
import type { Skipped } from '../loadgen/target-fit.ts';
import { transports } from '../transports/registry.ts';
import type { RouteChoice } from './route-options.ts';
import { DIRECT } from './route-options.ts';

export interface ArmsOnRoutes {
  readonly arms: readonly Arm[];
  readonly skipped: readonly Skipped[];
}

export interface Circumstances {
  readonly points: readonly Point[];
  phases(point: Point, arm: Arm): readonly Phase[];
  /** Undefined: ours. */
  targetOf(arm: Arm): LoadedTarget | undefined;
}

/**
 * An arm on the direct route keeps its name; on another it is `sse@nginx`.
 * @throws HarnessError `nothing-to-run`
 */
export function addRoutes(
  arms: readonly Arm[],
  routes: readonly RouteChoice[],
  circumstances: Circumstances,
): ArmsOnRoutes {
  const skipped: Skipped[] = [];
  const found = arms.flatMap((arm) =>
    routes.flatMap(({ name, plan, title }) => {
      if (plan === undefined) return [arm];
      const routed = {
        ...arm,
        name: `${arm.name}@${name}`,
        title: `${arm.title} ${title}`,
        route: name,
      };
      const says = whyNot(arm, plan, circumstances);
      if (says === undefined) return [routed];
      skipped.push({ what: routed.name, says });
      return [];
    }),
  );
  if (found.length === 0) {
    throw fault('nothing-to-run', {
      reasons: skipped.map(({ what, says }) => `${what}: ${says}`),
    });
  }
  return { arms: found, skipped };
}

/** What is between clients and server in an arm. */
export function routeOf(
  arm: Pick<Arm, 'route'>,
  routes: readonly RouteChoice[],
): RoutePlan | undefined {
  return arm.route === DIRECT ? undefined : routes.find(({ name }) => name === arm.route)?.plan;
}

/** Cuts for which a relay of ours is put in front of the endpoint. */
const RELAYED: readonly Cut[] = ['fin', 'rst', 'half-open'];

function whyNot(
  arm: Arm,
  { kind }: RoutePlan,
  { points, phases, targetOf }: Circumstances,
): string | undefined {
  const transport: Transport = transports[arm.transport as keyof typeof transports];
  if (kind !== 'relay' && transport.role === 'floor') {
    return 'it is not HTTP, so nothing passes it on; it is measured directly only';
  }
  const target = targetOf(arm);
  if (target !== undefined) {
    if (kind === 'url') return 'a target file names its own addresses; write this one into it';
    const { url = '' } = (arm.transport === 'sse' ? target.sse : target.ws) ?? {};
    if (/^(https|wss):/.test(url)) {
      return 'the server behind it would have to be spoken with over TLS, which is not done; give the target an http: or ws: address';
    }
  }
  const cuts = points.flatMap((point) =>
    phases(point, arm).flatMap((phase) => ('fault' in phase ? (phase.fault?.cut ?? []) : [])),
  );
  if (cuts.includes('black-hole')) {
    return 'a black hole has a network of its own, in which there is nothing in between; --cut half-open comes close';
  }
  const relayed = cuts.find((cut) => RELAYED.includes(cut));
  if (kind === 'url' && relayed !== undefined) {
    return `--cut ${relayed} puts a relay on this machine in front, whose name an address in the world does not have; try --cut restart`;
  }
  return undefined;
}
