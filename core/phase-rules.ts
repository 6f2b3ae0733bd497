/**
 * What phases have to be as a sequence, beyond what each has to be by itself. Whatever breaks a rule here
 * would run, and measure something else than it says, or end in the middle with an error that names no line.
 *
 *     connect   load (warm-up) …   load (measured)      a load
 *     connect   load …   load (measured)   flood        and then as fast as it goes
 *     connect   rest   connect (adds)   rest …          what waiting costs
 *     connect   beat                                    what silence is found by
 */
import type { BeatPhase, ConnectPhase, FaultPlan, LoadPhase, Phase } from './scenario.ts';

/** What is wrong, and of which phase. */
export interface PhaseProblem {
  /** From 0; undefined where it is about all of them. */
  readonly phase?: number;
  readonly says: string;
}

/** The first thing that is wrong; undefined for a sequence that can be run. */
export function problemOfPhases(phases: readonly Phase[]): PhaseProblem | undefined {
  const [first] = phases;
  if (first === undefined)
    return { says: 'there is none; the least is connect and a measured load' };
  if (first.kind !== 'connect') {
    return {
      phase: 0,
      says: `the first is ${first.kind}, and before anything else somebody has to connect`,
    };
  }
  return (
    problemOfKinds(phases) ??
    problemOfConnects(phases) ??
    problemOfFaults(phases) ??
    firstProblem(phases, (phase) =>
      phase.kind === 'load' ? problemOfLoad(phase, first) : undefined,
    )
  );
}

/** Loads, rests and beats do not mix: each is measured on connections that do nothing else. */
function problemOfKinds(all: readonly Phase[]): PhaseProblem | undefined {
  const flood = all.findIndex(({ kind }) => kind === 'flood');
  if (flood !== -1 && flood !== all.length - 1)
    return { phase: flood, says: 'a flood is the last phase: it comes after the measured load' };
  const phases = flood === -1 ? all : all.slice(0, -1);
  const kinds = new Set(phases.map(({ kind }) => kind).filter((kind) => kind !== 'connect'));
  const [kind, other] = kinds;
  if (flood !== -1 && kind !== 'load')
    return { phase: flood, says: 'a flood comes after a measured load, and there is none' };
  if (kind === undefined)
    return { says: 'after connect there is nothing to measure: add a measured load' };
  if (other !== undefined) {
    return {
      phase: phases.findIndex((phase) => phase.kind === other),
      says: `${kind} and ${other} cannot be in one scenario: each is measured on connections that do nothing else`,
    };
  }
  if (kind === 'rest') {
    const counts = phases.some(
      (phase) => phase.kind === 'rest' && !('warmUp' in phase && phase.warmUp),
    );
    return counts ? undefined : { says: 'every rest is a warm-up, so nothing is measured' };
  }
  if (kind === 'beat') return problemOfBeats(phases);
  const measured = phases.flatMap((phase, index) =>
    phase.kind === 'load' && phase.measured ? [index] : [],
  );
  const [only, another] = measured;
  if (only === undefined) return { says: 'no load is measured: true, so all of it is warm-up' };
  if (another !== undefined) {
    return {
      phase: another,
      says: `a second load is measured: true (the first is phases.${only}); only one can be`,
    };
  }
  if (only !== phases.length - 1) {
    return {
      phase: only + 1,
      says: 'it comes after the measured load, which has to be the last phase but for a flood',
    };
  }
  return undefined;
}

function problemOfBeats(phases: readonly Phase[]): PhaseProblem | undefined {
  const beats = phases.filter((phase): phase is BeatPhase => phase.kind === 'beat');
  if (beats.length > 1)
    return {
      says: 'there are several beats; the black hole of the first leaves nothing for the others',
    };
  return firstProblem(phases, (phase) =>
    phase.kind === 'beat' && phase.fault.cut !== 'black-hole'
      ? `fault.cut: a beat waits for silence, which only 'black-hole' brings about, not '${phase.fault.cut}'`
      : undefined,
  );
}

function problemOfConnects(phases: readonly Phase[]): PhaseProblem | undefined {
  const loads = phases.some(({ kind }) => kind === 'load');
  let there = 0;
  return firstProblem(phases, (phase, index) => {
    if (phase.kind !== 'connect') return undefined;
    const before = there;
    there = phase.clients;
    if (phase.adds === true && loads)
      return 'adds: those who are added only hold their connection, so no load may follow';
    if (index === 0) return problemOfFirst(phase);
    if (phase.adds !== true)
      return 'everybody would connect again: later connect phases need adds: true';
    return phase.clients > before
      ? undefined
      : `clients: ${phase.clients} are those there are then, and ${before} are there already`;
  });
}

function problemOfFirst({ rooms, keys, history, prefill }: ConnectPhase): string | undefined {
  if (rooms !== undefined && keys !== undefined) return 'rooms and keys: choose one';
  if (keys !== undefined && keys.each > keys.of)
    return `keys.each: of ${keys.of} keys nobody can have ${keys.each}`;
  const wants = history ?? 0;
  const has = prefill?.messages ?? 0;
  return wants > has
    ? `history: ${wants} messages are wanted, and prefill publishes ${has} before anybody connects`
    : undefined;
}

function problemOfFaults(phases: readonly Phase[]): PhaseProblem | undefined {
  const clients = Math.max(
    ...phases.map((phase) => (phase.kind === 'connect' ? phase.clients : 0)),
  );
  return firstProblem(phases, (phase) => {
    if (phase.kind === 'beat') return nobody(phase.fault, clients, 'fault');
    if (phase.kind !== 'load') return undefined;
    const { fault, slow, measured, durationMs, publish } = phase;
    const inTheMiddle = fault !== undefined || slow?.kind === 'stall';
    if (!inTheMiddle) return undefined;
    const name = fault === undefined ? 'slow' : 'fault';
    if (!measured) return `${name}: it belongs into the measured load, and this one is a warm-up`;
    if (fault !== undefined && slow !== undefined)
      return 'fault and slow: what either does could not be told apart';
    if (publish?.from !== 'server' || publish.to.kind !== 'everybody') {
      return `${name}: it is measured by what the server publishes to everybody (publish from 'server', to { kind: 'everybody' })`;
    }
    const { atMs, forMs } = fault ?? (slow as Extract<typeof slow, { kind: 'stall' }>);
    if (atMs + forMs >= durationMs) {
      return `${name}: at ${atMs} ms for ${forMs} ms, it is not over within the ${durationMs} ms of the load`;
    }
    return fault === undefined ? undefined : nobody(fault, clients, name);
  });
}

function nobody({ cut, share }: FaultPlan, clients: number, name: string): string | undefined {
  // These end processes, and take whoever is on them.
  if (cut === 'restart' || cut === 'drain' || cut === 'rolling-kill') return undefined;
  return Math.round(share * clients) === 0
    ? `${name}.share: ${share * 100} % of ${clients} clients is nobody`
    : undefined;
}

function problemOfLoad(
  { publish, request, ask, slow, soak }: LoadPhase,
  { rooms, keys, addressable }: ConnectPhase,
): string | undefined {
  if (publish === undefined && request === undefined && ask === undefined) {
    return 'it has neither publish nor request nor ask, so nothing would happen';
  }
  if ((request !== undefined || ask !== undefined) && addressable !== true) {
    return `${request === undefined ? 'ask' : 'request'}: nothing can be sent beside a one-way stream unless clients have an identity (connect needs addressable: true)`;
  }
  if (publish === undefined) {
    const needing = [
      ...(slow === undefined ? [] : ['slow']),
      ...(soak === undefined ? [] : ['soak']),
    ];
    return needing.length === 0
      ? undefined
      : `${needing[0]}: it is measured by what is published, and nothing is`;
  }
  const { to } = publish;
  if (to.kind === 'rooms' && to.count !== (rooms ?? 1)) {
    return `publish.to.count: ${to.count} rooms are published to, and clients join ${rooms ?? 1} (connect.rooms)`;
  }
  if (to.kind === 'keys') {
    // Who filters by none gets all.
    const { of, each } = keys ?? { of: to.count, each: to.count };
    if (to.count !== of || to.each !== each) {
      return `publish.to: ${to.each} of ${to.count} keys are expected by each client, and clients get ${each} of ${of} (connect.keys)`;
    }
  }
  return undefined;
}

function firstProblem(
  phases: readonly Phase[],
  problemOf: (phase: Phase, index: number) => string | undefined,
): PhaseProblem | undefined {
  for (const [index, phase] of phases.entries()) {
    const says = problemOf(phase, index);
    if (says !== undefined) return { phase: index, says };
  }
  return undefined;
}
