/**
 * What of a scenario can be measured on somebody else's server, and why the rest cannot. Such a server gets
 * messages in and out, and nothing else: it has no words for rooms, requests or heartbeats that we know, and
 * only its processes can be looked at. What would need more is refused here, before anything is started.
 */
import { MIN_MESSAGE_BYTES } from '../core/message.ts';
import type { ConnectPhase, FaultPlan, LoadPhase, Phase } from '../core/scenario.ts';
import type { Target } from '../core/target.ts';

/** A part of a run that is not measured, and why: a whole arm, a point of a sweep, or some phases. */
export interface Skipped {
  readonly what: string;
  /** The rest of a sentence. */
  readonly says: string;
}

export interface Fit {
  /** Those that can be run. */
  readonly phases: readonly Phase[];
  /** What was left out of them; the rest is measured all the same. */
  readonly without: readonly string[];
}

/** Messages that should come within a silence, so that no living connection is taken for dead. */
const HEARD_PER_SILENCE = 3;

/**
 * @param transport that the arm speaks
 * @returns the phases to run, or why there are none
 */
export function fitTarget(
  phases: readonly Phase[],
  target: Target,
  transport: string,
): Fit | string {
  for (const phase of phases) {
    const misfit = misfitOf(phase, target, transport);
    if (misfit !== undefined) return misfit;
  }
  const impossible = phases.flatMap((phase) => {
    const why = impossibleOf(phase);
    return why === undefined ? [] : [{ phase, why }];
  });
  return {
    phases: phases.filter((phase) => !impossible.some((one) => one.phase === phase)),
    without: [...new Set(impossible.map(({ why }) => why))],
  };
}

/** What is left out, while the rest can be measured. */
function impossibleOf(phase: Phase): string | undefined {
  if (phase.kind === 'rest' && phase.what === 'cpu')
    return 'CPU by the interval of heartbeats, since nobody can tell that server how often to send them';
  return phase.kind === 'flood'
    ? 'throughput at full speed, since nobody can tell that server to wait for its clients'
    : undefined;
}

function misfitOf(phase: Phase, target: Target, transport: string): string | undefined {
  switch (phase.kind) {
    case 'connect':
      return misfitOfConnect(phase);
    case 'load':
      return misfitOfLoad(phase, target, transport);
    case 'beat':
      return 'it takes heartbeats whose interval can be set, and a black hole; a target file can say neither';
    case 'flood':
      return undefined;
    case 'rest':
      return phase.what === 'memory' && !hasProcesses(target)
        ? 'it reads the memory of the server’s processes, and nothing says which they are; add start or cost: { pid }'
        : undefined;
  }
}

function misfitOfConnect(phase: ConnectPhase): string | undefined {
  const { rooms, keys, addressable, history, prefill } = phase;
  if (prefill !== undefined && prefill.messages > 0) {
    return 'it publishes before anybody is there, and what a server keeps cannot be described';
  }
  if ((history ?? 0) > 0) return 'it asks for a history, which a target file cannot describe';
  if (rooms !== undefined) return 'it uses rooms, which a target file cannot describe';
  if (keys !== undefined) return 'it uses filters by key, which a target file cannot describe';
  return addressable === true
    ? 'its clients need an identity to send anything, which a target file cannot describe'
    : undefined;
}

function misfitOfLoad(
  { publish, request, ask, slow, fault }: LoadPhase,
  target: Target,
  transport: string,
): string | undefined {
  if (request !== undefined) {
    return 'its clients make requests, and a target file cannot describe how they are answered';
  }
  if (ask !== undefined) {
    return 'the server asks its clients questions, which a target file cannot describe';
  }
  if (publish !== undefined) {
    const { from, to, payloadBytes, ordered } = publish;
    if (to.kind !== 'everybody') {
      return `it publishes to ${to.kind}, and a target file only describes messages to everybody`;
    }
    if (from !== 'server') {
      return 'its clients publish, and a target file describes one way in only; leave --publish-from out';
    }
    if (ordered === true) return 'it compares the order that members of a room see';
    if (payloadBytes < MIN_MESSAGE_BYTES) {
      return `a message through somebody else’s server has at least ${MIN_MESSAGE_BYTES} B, to be found again in whatever is put around it`;
    }
  }
  // Also where all of them read on: then the same is asked of the server.
  if (slow?.kind === 'stall') {
    return 'what a server holds for clients that stop reading, and what it leaves out, only that server knows; broadcast runs a load without them';
  }
  return fault === undefined
    ? undefined
    : misfitOfFault(fault, publish?.ratePerS ?? 0, target, transport);
}

function misfitOfFault(
  { cut, comeback }: FaultPlan,
  ratePerS: number,
  target: Target,
  transport: string,
): string | undefined {
  switch (cut) {
    case 'drain':
    case 'rolling-kill':
      return 'it replaces the processes of a server one by one, which only ours can be told; reconnect with --cut restart comes close';
    case 'black-hole':
      return 'a black hole needs the server in a network of its own, and one that listens on 127.0.0.1 is out of reach there; --cut half-open comes close';
    case 'restart':
      if (target.start === undefined) {
        return 'it restarts the server, and the target file does not say how to start it; add start, or try --cut rst';
      }
      break;
    default:
      if (isSecure(target, transport)) {
        return `--cut ${cut} puts a relay between, whose name the certificate of the server does not have; try --cut restart, or an address without TLS`;
      }
  }
  if (comeback.resume && !(transport === 'sse' && target.sse?.resume === true)) {
    return transport === 'sse'
      ? 'clients are to be given what they missed, and sse.resume of the target file does not say that the server does so; try --resume off'
      : 'clients are to be given what they missed, which a target file can only say of sse; try --resume off';
  }
  if (comeback.strategy === 'server') {
    return 'clients are to come back when the server says so, which a target file cannot describe; try --strategy full-jitter';
  }
  const heard = (ratePerS * comeback.silenceMs) / 1_000;
  if (comeback.silenceMs > 0 && heard < HEARD_PER_SILENCE) {
    return `at ${ratePerS}/s hardly anything comes within ${comeback.silenceMs} ms, and clients would take living connections for dead; raise --rate or --silence`;
  }
  return undefined;
}

/** What `cost` says goes before what was started here. */
export const hasProcesses = ({ start, cost }: Pick<Target, 'start' | 'cost'>): boolean =>
  cost === undefined ? start !== undefined : 'pid' in cost;

function isSecure({ sse, ws }: Target, transport: string): boolean {
  return /^(https|wss):/.test((transport === 'sse' ? sse : ws)?.url ?? '');
}
