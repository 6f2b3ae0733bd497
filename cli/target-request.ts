/**
 * What of a request can be run on the servers that it names: what only our own server obeys is refused, and
 * what a scenario needs and a target file cannot say is left out, with the reason.
 */
import { fault } from '../core/errors.ts';
import type { Arm, Point } from '../core/result.ts';
import { pointName } from '../core/result.ts';
import type { Phase } from '../core/scenario.ts';
import type { Fit, Skipped } from '../loadgen/target-fit.ts';
import { fitTarget } from '../loadgen/target-fit.ts';
import type { TargetChoice } from './target-file.ts';

/** Options that tell our own server what to do. */
const OF_OUR_SERVER = [
  'policy',
  'block-timeout',
  'slow-timeout',
  'replay',
  'heartbeat',
  'buffer-limit',
] as const;

/** Ways to break things that are built into our own server; the generator's own work with any. */
const isOfGenerator = (faults: string): boolean =>
  faults.split(',').every((one) => one.trim().startsWith('generator='));

export interface OptionsAsked {
  readonly texts: Readonly<Record<string, string>>;
  readonly processes: number;
  readonly tls: boolean;
  readonly targets: readonly TargetChoice[];
}

/** @throws HarnessError `bad-value` for an option that would do nothing, or that a target cannot follow */
export function refuseForTargets({ texts, processes, tls, targets }: OptionsAsked): void {
  const foreign = targets.filter(({ target }) => target !== undefined);
  const [first] = foreign;
  if (first?.target === undefined) return;
  const refuse = (flag: string, problem: string): never => {
    throw fault('bad-value', { flag, problem });
  };
  if (tls) {
    refuse(
      '--tls',
      `it has our own server speak TLS; write https: and wss: addresses into ${first.target.file} instead`,
    );
  }
  if ((texts['client'] ?? 'lean') !== 'lean') {
    refuse(
      '--client',
      'clients of a library know nothing of target files; leave it out, and our own clients are used',
    );
  }
  if (processes > 1) {
    refuse(
      '--processes',
      `how many processes ${first.name} has is decided by its start command, so leave it out`,
    );
  }
  if (texts['inject'] !== undefined && !isOfGenerator(texts['inject'])) {
    refuse(
      '--inject',
      `these faults are built into our own server and not into ${first.name}; only generator=… works with --target`,
    );
  }
  if (texts['port'] !== undefined && first.target.start === undefined) {
    refuse('--port', `${first.name} runs already, on a port of its own`);
  }
  if (foreign.length < targets.length) return;
  for (const name of OF_OUR_SERVER) {
    if (texts[name] === undefined) continue;
    refuse(
      `--${name}`,
      `it is a setting of the built-in server, and ${first.name} has its own; leave it out`,
    );
  }
}

export interface Plan {
  readonly arms: readonly Arm[];
  readonly points: readonly Point[];
  readonly skipped: readonly Skipped[];
}

/**
 * Leaves out arms and points of which nothing can be measured. A point goes for all arms: where only some
 * of them are, nothing is compared.
 * @throws HarnessError `target-cannot` where nothing is left
 */
export function fitToTargets(
  { arms, points, skipped: before }: Plan,
  targets: readonly TargetChoice[],
  phases: (point: Point, arm: Arm) => readonly Phase[],
): Plan {
  const fits = new Map(
    arms.map((arm) => [arm, points.map((point) => fitAt(arm, point, targets, phases))] as const),
  );
  const impossible = new Map<string, string>();
  for (const [arm, found] of fits) {
    const [reason] = found.filter((fit) => typeof fit === 'string');
    if (reason === undefined || found.some((fit) => typeof fit !== 'string')) continue;
    // A variant without the one that it is held against shows nothing, so they go together.
    impossible.set(withoutVariant(arm), reason);
  }
  const kept = arms.filter((arm) => !impossible.has(withoutVariant(arm)));
  const gone = new Map<Point, string>();
  const withoutParts = new Map<string, Skipped>();
  for (const arm of kept) {
    for (const [index, fit] of (fits.get(arm) ?? []).entries()) {
      const point = points[index] ?? {};
      if (typeof fit === 'string') gone.set(point, fit);
      for (const says of typeof fit === 'object' ? fit.without : []) {
        withoutParts.set(`${arm.target} ${says}`, { what: arm.target, says });
      }
    }
  }
  const skipped = [
    ...before,
    ...arms.flatMap((arm) => {
      const says = impossible.get(withoutVariant(arm));
      return says === undefined ? [] : [{ what: arm.name, says }];
    }),
    ...withoutParts.values(),
    ...[...gone].map(([point, says]) => ({ what: pointName(point), says })),
  ];
  const left = points.filter((point) => !gone.has(point));
  if (kept.every(({ role }) => role === 'floor') || left.length === 0) {
    throw fault('target-cannot', { reasons: reasonsOf(skipped) });
  }
  return { arms: kept, points: left, skipped };
}

const withoutVariant = ({ transport, target }: Arm): string => `${transport}@${target}`;

/** Undefined for our own server, which can do anything. */
function fitAt(
  arm: Arm,
  point: Point,
  targets: readonly TargetChoice[],
  phases: (point: Point, arm: Arm) => readonly Phase[],
): Fit | string | undefined {
  const target = targetOf(arm, targets);
  return target === undefined ? undefined : fitTarget(phases(point, arm), target, arm.transport);
}

/** Several arms most often lack the same. */
function reasonsOf(skipped: readonly Skipped[]): string[] {
  const says = [...new Set(skipped.map((one) => one.says))];
  return says.map(
    (reason) =>
      `${skipped
        .filter((one) => one.says === reason)
        .map(({ what }) => what)
        .join(', ')}: ${reason}`,
  );
}

/** The phases that are run; of our own server all. */
export function fittedPhases(
  phases: readonly Phase[],
  arm: Arm | undefined,
  targets: readonly TargetChoice[],
): readonly Phase[] {
  const target = arm && targetOf(arm, targets);
  if (arm === undefined || target === undefined) return phases;
  const fit = fitTarget(phases, target, arm.transport);
  return typeof fit === 'string' ? phases : fit.phases;
}

export function targetOf(arm: Pick<Arm, 'target'>, targets: readonly TargetChoice[]) {
  return targets.find(({ name }) => name === arm.target)?.target;
}
