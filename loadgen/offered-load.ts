/** What the phases of a trial ask of the generator, before it is run. */
import { deliveriesOf } from '../core/audience.ts';
import { MIN_MESSAGE_BYTES } from '../core/message.ts';
import type { Flow } from '../core/result.ts';
import type { Cut, LoadPhase, Phase, RequestWork } from '../core/scenario.ts';
import type { Load } from './head-room.ts';

export function clientsOf(phases: readonly Phase[]): number {
  return Math.max(0, ...phases.map((phase) => (phase.kind === 'connect' ? phase.clients : 0)));
}

/** What a phase is about first. */
export function flowOfPhase({ publish, request }: LoadPhase): Flow {
  if (publish !== undefined) return 'delivery';
  return request !== undefined ? 'request' : 'ask';
}

/** What the measurement is about first. */
export function flowOfPhases(phases: readonly Phase[]): Flow {
  for (const phase of phases)
    if (phase.kind === 'load' && phase.measured) return flowOfPhase(phase);
  return 'delivery';
}

/** Whether nothing of the generator is between the clients and the server. */
export function connectsDirectly(phases: readonly Phase[]): boolean {
  return phases.every(
    (phase) =>
      !('fault' in phase) || phase.fault === undefined || cutsByServer.includes(phase.fault.cut),
  );
}

/** Whether the processes have to run in a network of their own, since the machine's cannot swallow anything. */
export function needsNetwork(phases: readonly Phase[]): boolean {
  return phases.some((phase) => 'fault' in phase && phase.fault?.cut === 'black-hole');
}

const cutsByServer: readonly Cut[] = ['restart', 'drain', 'rolling-kill'];

/** Deliveries, answers and questions that the generator takes in a second, of the busiest phase. */
export function eventsPerS(phases: readonly Phase[]): number {
  const clients = clientsOf(phases);
  return Math.max(
    0,
    ...phases.map((phase) => (phase.kind === 'load' ? eventsOf(phase, clients) : 0)),
  );
}

function eventsOf({ publish, request, ask }: LoadPhase, clients: number): number {
  // Whoever makes a round trip writes and reads, which is twice the work of reading alone.
  const trips =
    (2 + partsOf(request?.work)) * (request?.ratePerS ?? 0) +
    (2 + (ask?.parts ?? 0)) * (ask?.ratePerS ?? 0);
  if (publish === undefined) return trips;
  const { to, ratePerS } = publish;
  // Over as many messages as there are channels, each channel has had one.
  const round = to.kind === 'everybody' ? 1 : to.count;
  return trips + (ratePerS * deliveriesOf(to, round, clients)) / round;
}

function partsOf(work: RequestWork | undefined): number {
  return work?.kind === 'parts' ? work.parts : 0;
}

/** How long an answer takes because it was meant to: what comes in this time is part of the load. */
export function answerMs({ request, ask, deadlineMs }: LoadPhase): number {
  const { work } = request ?? {};
  const requested = work?.kind === 'parts' ? work.parts * work.gapMs : 0;
  // Of 10,000 exponential times none is likely to be ten times the mean.
  const longest = ask?.work === 'exponential' ? 10 : 1;
  const asked = ask === undefined ? 0 : ask.workMs * longest + ask.parts * ask.gapMs;
  return Math.min(deadlineMs, Math.max(requested, asked));
}

/**
 * The measured load, as far as a flood can tell whether the generator takes it.
 * @returns undefined where the trial is about anything but messages to everybody
 */
export function floodableLoad(
  phases: readonly Phase[],
): (Load & { readonly ratePerS: number }) | undefined {
  for (const phase of phases) {
    if (phase.kind !== 'load' || !phase.measured) continue;
    if (phase.publish?.to.kind !== 'everybody') return undefined;
    const { ratePerS } = phase.publish;
    // A flood has no schedule that a message without times could be looked up in; a larger one costs no less.
    const payloadBytes = Math.max(phase.publish.payloadBytes, MIN_MESSAGE_BYTES);
    return { clients: clientsOf(phases), payloadBytes, ratePerS };
  }
  return undefined;
}
