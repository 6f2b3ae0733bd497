/** Sessions that hold back, and what is done about them by the policy of the server. */
import { NS_PER_MS } from '../core/clock.ts';
import type { Frame } from '../core/transport.ts';
import type { Gate } from './gate.ts';
import type { HubCounters, HubOptions, Publication } from './hub-options.ts';
import type { Session } from './session.ts';
import type { DropReason, Policy, SlowHost } from './slow-policies.ts';
import { policies } from './slow-policies.ts';

/**
 * Of those sent away: a sample, since a server that runs for months is not to keep them all. How many there
 * were is counted where they are expelled.
 */
const TIMES_KEPT = 1_000;

export class SlowSessions implements SlowHost {
  readonly bufferLimitBytes: number;
  private readonly options: HubOptions;
  private readonly counters: HubCounters;
  private readonly gate: Gate<Publication>;
  private readonly sendAway: (session: Session) => void;
  private readonly policy: Policy;
  private readonly congested = new Set<Session>();

  constructor(
    options: HubOptions,
    counters: HubCounters,
    gate: Gate<Publication>,
    sendAway: (session: Session) => void,
  ) {
    this.bufferLimitBytes = options.bufferLimitBytes;
    this.options = options;
    this.counters = counters;
    this.gate = gate;
    this.sendAway = sendAway;
    this.policy = policies[options.policy];
  }

  offer(session: Session, frame: Frame, key: string): void {
    this.policy.offer(session, frame, key, this);
  }

  write(session: Session, frame: Frame): boolean {
    const { connection } = session;
    if (connection === undefined) return true;
    this.counters.delivered += 1;
    const goOn = connection.write(frame);
    if (!goOn && session.state === 'live') this.congest(session);
    return goOn;
  }

  /** Writes between what is being replayed as far as there is room: nothing can wait for its turn there. */
  interpose(session: Session, frame: Frame): void {
    if (session.bufferedBytes > this.bufferLimitBytes) this.drop('newest');
    else this.write(session, frame);
  }

  drop(reason: DropReason, deliveries = 1): void {
    this.counters.drops[reason] += deliveries;
  }

  private congest(session: Session): void {
    session.state = 'congested';
    session.congestedSince = this.options.clock();
    this.congested.add(session);
    this.policy.congested(session, this);
  }

  recovered(session: Session): void {
    if (session.state === 'congested') session.state = 'live';
    this.remove(session);
  }

  /** It is not to be cared about any more. */
  remove(session: Session): void {
    this.congested.delete(session);
    this.gate.release(session);
  }

  expel(session: Session): void {
    const { slowAt } = this.counters;
    if (slowAt.length < TIMES_KEPT) slowAt.push(this.options.clock());
    this.sendAway(session);
  }

  block(session: Session): void {
    this.gate.waitFor(session);
  }

  get bufferedBytes(): number {
    let sum = 0;
    for (const session of this.congested) sum += session.bufferedBytes;
    return sum;
  }

  /** With `disconnect`: sends those away who have held back for too long. */
  sweep(): void {
    if (this.options.policy !== 'disconnect') return;
    const latest = this.options.clock() - this.options.slowMs * NS_PER_MS;
    for (const session of this.congested) {
      if (session.connection?.bufferedBytes === 0) this.recovered(session);
      else if (session.congestedSince < latest) this.expel(session);
    }
  }
}
