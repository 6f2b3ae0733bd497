/**
 * What a worker's clients do when their connection ends: they notice, wait as their strategy says, and
 * connect again, saying what they saw last. Every attempt and every refusal is remembered, since a herd is
 * what is looked for. A client has one attempt under way at most, which is what bounds descriptors.
 *
 *     lostAt    attempt   refused      attempt  backAt  firstMessageAt
 *     ──┬──────────┬─────────┬────────────┬───────┬────────┬──▶ time
 *       └──────────┘         └────────────┘       └ handshake ends
 *           wait                  wait
 */
import type { Clock } from '../core/clock.ts';
import { NS_PER_MS, NS_PER_US } from '../core/clock.ts';
import { reasonOf } from '../core/errors.ts';
import { createHistogram, encodeHistogram, HIGHEST_US } from '../core/histogram.ts';
import type { ComebackReport } from '../core/process-reports.ts';
import type { Random } from '../core/random.ts';
import type { Comeback } from '../core/scenario.ts';
import type { Client } from '../core/transport.ts';
import { HandshakeError } from '../core/transport.ts';

export interface ComebackHost {
  /** By index; whoever comes back is put into the place that was theirs. */
  readonly clients: (Client | undefined)[];
  readonly clock: Clock;
  readonly random: Random;
  /** Per client that was told in a message: when to come back after a cut, ms. */
  readonly told: Map<number, number>;
  /** @param lastEventId '' says nothing. @throws HandshakeError (as a rejection) when it is not let in */
  connect(client: number, lastEventId: string): Promise<Client>;
  /** Is told of a connection that is gone, before another takes its place. */
  onLost(gone: Client): void;
  /** A client found its connection dead by silence; nobody else could say so. */
  onSilent(cause: string): void;
  /** A client stays away for good. */
  onAway(client: number): void;
  /** Nobody is away any more, or only those who stay away. */
  onSettled(): void;
}

/** How often silence is looked for: fine enough for the time it takes to find out, coarse enough to be cheap. */
const SWEEPS_PER_SILENCE = 20;
const SHORTEST_SWEEP_MS = 10;
/** `retry=1500` in the reason of a close frame. */
const RETRY_IN_CAUSE = /\bretry=(\d{1,9})\b/;

export class Comebacks {
  private readonly comeback: Comeback;
  private readonly host: ComebackHost;
  private readonly lostAt: Float64Array;
  private readonly backAt: Float64Array;
  private readonly firstMessageAt: Float64Array;
  /** Since when it is away; NaN: it is not. */
  private readonly awaySince: Float64Array;
  private readonly everyLostAt: number[] = [];
  private readonly everyBackAt: number[] = [];
  private readonly outages: number[] = [];
  private readonly attemptedAt: number[] = [];
  private readonly refusedAt: number[] = [];
  private readonly refusals = new Map<string, number>();
  private readonly handshake = createHistogram();
  private gaps = 0;
  private cut = 0;

  /** Per client: the id of the last event that had one. */
  private readonly ids: string[];
  /** Per client: attempts since it was cut; -1 while it is connected. */
  private readonly attempts: Int32Array;
  private readonly awaitsFirst: Uint8Array;
  /** Per client: when it heard something last, and how many bytes it had read at the last sweep. */
  private readonly heardAt: Float64Array;
  private readonly bytesAt: Float64Array;
  private away = 0;
  private stopped = false;
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly sweeper: NodeJS.Timeout | undefined;
  private readonly sweepMs: number;

  /** @param before of an earlier phase: what its clients know is not forgotten */
  constructor(comeback: Comeback, host: ComebackHost, before?: Comebacks) {
    this.comeback = comeback;
    this.host = host;
    const { length } = host.clients;
    const never = (): Float64Array => new Float64Array(length).fill(Number.NaN);
    this.lostAt = never();
    this.backAt = never();
    this.firstMessageAt = never();
    this.awaySince = never();
    this.ids = before?.ids ?? new Array<string>(length).fill('');
    this.attempts = new Int32Array(length).fill(-1);
    this.awaitsFirst = new Uint8Array(length);
    this.heardAt = new Float64Array(length).fill(host.clock());
    this.bytesAt = new Float64Array(length).fill(-1);
    const { silenceMs } = comeback;
    this.sweepMs = Math.max(SHORTEST_SWEEP_MS, silenceMs / SWEEPS_PER_SILENCE);
    // One for all: a timer per client would be set anew with every message.
    if (silenceMs > 0) this.sweeper = setInterval(() => this.sweep(), this.sweepMs);
  }

  /** Whether nobody is on the way back. */
  get settled(): boolean {
    return this.away === 0;
  }

  /** Called for everything that is received: it must stay cheap. */
  heard(client: number, at: number, event: string, id: string): void {
    this.heardAt[client] = at;
    if (id !== '') this.ids[client] = id;
    if (event === 'gap') this.gaps += 1;
    else if (event === '' && this.awaitsFirst[client] === 1) {
      this.awaitsFirst[client] = 0;
      this.firstMessageAt[client] = at;
    }
  }

  lost(client: number, cause: string): void {
    if (this.stopped || this.attempts[client] !== -1) return;
    const { clients, clock, told, onLost, onAway } = this.host;
    this.cut += 1;
    const now = clock();
    if (Number.isNaN(this.lostAt[client])) this.lostAt[client] = now;
    this.everyLostAt.push(now);
    this.awaySince[client] = now;
    this.backAt[client] = Number.NaN;
    this.attempts[client] = 0;
    const gone = clients[client];
    const retryMs = RETRY_IN_CAUSE.exec(cause)?.[1] ?? gone?.retryMs;
    if (retryMs !== undefined) told.set(client, Number(retryMs));
    if (gone !== undefined) onLost(gone);
    clients[client] = undefined;
    if (this.comeback.strategy === 'none') {
      onAway(client);
      return;
    }
    this.away += 1;
    this.schedule(client);
  }

  report(): ComebackReport {
    return {
      lostAt: this.lostAt,
      backAt: this.backAt,
      firstMessageAt: this.firstMessageAt,
      everyLostAt: Float64Array.from(this.everyLostAt),
      everyBackAt: Float64Array.from(this.everyBackAt),
      outages: Float64Array.from(this.outages),
      awaySince: this.awaySince,
      attemptedAt: Float64Array.from(this.attemptedAt),
      refusedAt: Float64Array.from(this.refusedAt),
      refusals: [...this.refusals].map(([cause, count]) => ({ cause, count })),
      handshake: encodeHistogram(this.handshake),
      gaps: this.gaps,
      cut: this.cut,
    };
  }

  /** From now on silence means nothing: nobody is to say anything any more. */
  allowSilence(): void {
    clearInterval(this.sweeper);
  }

  /** Nobody tries any more; who is on the way is turned back. */
  stop(): void {
    this.stopped = true;
    clearInterval(this.sweeper);
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  /** @param notBeforeMs what a server that refused has asked for, in its `Retry-After` */
  private schedule(client: number, notBeforeMs = 0): void {
    const { comeback, host } = this;
    const toldMs = host.told.get(client);
    const ms = waitBefore(this.attempts[client] ?? 0, comeback, toldMs, host.random);
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        void this.attempt(client);
      },
      Math.max(ms, notBeforeMs),
    );
    this.timers.add(timer);
  }

  private async attempt(client: number): Promise<void> {
    const { host, comeback } = this;
    const startedAt = host.clock();
    this.attemptedAt.push(startedAt);
    // From here on: what is replayed comes with the first bytes, before anybody hears of the connection.
    this.awaitsFirst[client] = 1;
    try {
      const one = await host.connect(client, comeback.resume ? (this.ids[client] ?? '') : '');
      if (this.stopped) one.close();
      else this.arrived(client, one, startedAt);
    } catch (error) {
      if (this.stopped) return;
      this.refusedAt.push(host.clock());
      const cause = reasonOf(error);
      this.refusals.set(cause, (this.refusals.get(cause) ?? 0) + 1);
      this.attempts[client] = (this.attempts[client] ?? 0) + 1;
      this.schedule(client, error instanceof HandshakeError ? error.retryMs : undefined);
    }
  }

  private arrived(client: number, one: Client, startedAt: number): void {
    const { clients, clock, onSettled } = this.host;
    const now = clock();
    clients[client] = one;
    this.backAt[client] = now;
    this.everyBackAt.push(now);
    this.outages.push(now - (this.awaySince[client] ?? now));
    this.awaySince[client] = Number.NaN;
    this.heardAt[client] = now;
    this.bytesAt[client] = -1;
    this.attempts[client] = -1;
    this.handshake.recordValue(Math.min(HIGHEST_US, Math.floor((now - startedAt) / NS_PER_US)));
    this.away -= 1;
    if (this.away === 0) onSettled();
  }

  /** Whoever has heard nothing for too long, heartbeats included, takes the connection for dead. */
  private sweep(): void {
    const { clients, clock, onSilent } = this.host;
    const now = clock();
    const sweepNs = this.sweepMs * NS_PER_MS;
    const silenceNs = this.comeback.silenceMs * NS_PER_MS;
    for (let client = 0; client < clients.length; client += 1) {
      const one = clients[client];
      if (one === undefined) continue;
      // Heartbeats are no messages, but their bytes are counted, where a library does not hide them. They
      // came since the last sweep; had it been a message, its time would be known.
      if (one.bytesRead !== undefined && one.bytesRead !== this.bytesAt[client]) {
        this.bytesAt[client] = one.bytesRead;
        this.heardAt[client] = Math.max(this.heardAt[client] ?? 0, now - sweepNs);
      }
      if (now - (this.heardAt[client] ?? now) < silenceNs) continue;
      const cause = `nothing heard for ${this.comeback.silenceMs} ms`;
      onSilent(cause);
      this.lost(client, cause);
      one.close();
    }
  }
}

/** How long to wait before attempt `attempt` (0 is the first after the cut), ms. */
export function waitBefore(
  attempt: number,
  { strategy, baseMs, capMs }: Pick<Comeback, 'strategy' | 'baseMs' | 'capMs'>,
  toldMs: number | undefined,
  random: Pick<Random, 'next'>,
): number {
  switch (strategy) {
    case 'none':
      return Number.POSITIVE_INFINITY;
    case 'fixed':
      return Math.min(capMs, baseMs);
    case 'server':
      // As an EventSource does: the same wait again after every failure, until it is told another.
      return Math.min(capMs, toldMs ?? baseMs);
    case 'full-jitter':
      return random.next() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
  }
}
