/**
 * The clients of one worker that stop reading once, in the middle of a load, and then read again:
 *
 *     start         atMs                       atMs + forMs
 *       │  reads all  │  nothing, or a trickle   │  reads all
 *
 * It brings that about and says when. What it did to anybody is found out elsewhere, after the load.
 */
import type { Clock } from '../core/clock.ts';
import { NS_PER_MS, NS_PER_S } from '../core/clock.ts';
import type { StallReport } from '../core/process-reports.ts';
import type { Stall } from '../core/scenario.ts';
import type { Client } from '../core/transport.ts';
import { slowCount } from './slow-readers.ts';

/** The clients of this worker, and where they stand among all. */
export interface StallCrowd {
  readonly clients: readonly (Client | undefined)[];
  readonly firstClient: number;
}

export class StallRun {
  /** Whether those that stall still read a little, so that it has to be told what they read. */
  readonly isPaced: boolean;
  private readonly stall: Stall;
  private readonly crowd: StallCrowd;
  private readonly clock: Clock;
  /** Number of the first that stalls among the clients of this worker. */
  private readonly first: number;
  /** Per client of this worker: bytes of messages it has read since the stop. */
  private readonly taken: Float64Array;
  private readonly timers = new Map<string | number, NodeJS.Timeout>();
  private state: 'before' | 'stalled' | 'over' = 'before';
  private from = Number.NaN;
  private until = Number.NaN;

  constructor(stall: Stall & { readonly totalClients: number }, crowd: StallCrowd, clock: Clock) {
    this.stall = stall;
    this.crowd = crowd;
    this.clock = clock;
    const { totalClients } = stall;
    const firstOfAll = totalClients - slowCount(stall, totalClients);
    this.first = Math.min(crowd.clients.length, Math.max(0, firstOfAll - crowd.firstClient));
    this.taken = new Float64Array(crowd.clients.length);
    this.isPaced = stall.stalls && stall.readBytesPerS > 0;
  }

  /** @param startNs when the load starts, ns since the epoch; told once or twice */
  starts(startNs: number): void {
    const { stalls, atMs, forMs } = this.stall;
    if (!stalls || this.timers.size > 0 || this.state !== 'before' || this.count === 0) return;
    const inMs = (startNs - this.clock()) / NS_PER_MS + atMs;
    this.timers.set(
      'stop',
      setTimeout(() => this.stop(), Math.max(0, inMs)),
    );
    this.timers.set(
      'end',
      setTimeout(() => this.end(), Math.max(0, inMs) + forMs),
    );
  }

  /** One message more was read. Called for every message of every client, so the most common case comes first. */
  took(client: number, bytes: number): void {
    if (client < this.first || this.state !== 'stalled') return;
    const taken = (this.taken[client] ?? 0) + bytes;
    this.taken[client] = taken;
    // A message is read whole: who has read more than it may waits until it may have.
    const { readBytesPerS } = this.stall;
    const waitNs = this.from + (taken / readBytesPerS) * NS_PER_S - this.clock();
    if (waitNs <= 0 || this.timers.has(client)) return;
    const one = this.crowd.clients[client];
    one?.pause();
    this.timers.set(
      client,
      setTimeout(() => {
        this.timers.delete(client);
        one?.resume();
      }, waitNs / NS_PER_MS),
    );
  }

  /** Everybody reads again; at the latest when the load is over. */
  end(): void {
    for (const timer of this.timers.values()) clearTimeout(timer);
    this.timers.clear();
    if (this.state === 'stalled') {
      this.until = this.clock();
      for (const client of this.stallers()) client.resume();
    }
    this.state = 'over';
  }

  report(): StallReport {
    return {
      firstClient: this.first,
      stopped: Number.isNaN(this.from) ? 0 : this.count,
      from: this.from,
      until: this.until,
    };
  }

  private stop(): void {
    this.timers.delete('stop');
    this.from = this.clock();
    this.state = 'stalled';
    // Those that may read a little go on until they have read more than that.
    if (!this.isPaced) for (const client of this.stallers()) client.pause();
  }

  private get count(): number {
    return this.stallers().length;
  }

  private stallers(): Client[] {
    return this.crowd.clients.slice(this.first).filter((client) => client !== undefined);
  }
}
