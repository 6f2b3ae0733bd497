/**
 * The typed messages between the controller and its child processes, as discriminated unions. Processes
 * of one trial share nothing but these, a socket, and the epoch of the clock.
 */
import type { Epoch } from './clock.ts';
import type { Faults, Injected } from './faults.ts';
import type { EncodedHistogram } from './histogram.ts';
import type { ScheduleOptions } from './schedule.ts';
import type { ClientKind, Endpoint } from './transport.ts';

export interface ServerConfig {
  readonly epoch: Epoch;
  readonly transport: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly heartbeatMs: number;
  /** A session with more than this buffered misses messages until it has drained. */
  readonly bufferLimitBytes: number;
  readonly seed: number;
  readonly faults: Faults;
}

/** One publish phase, as its publisher needs to know it. */
export interface PublishOrder {
  readonly schedule: ScheduleOptions;
  /** When the schedule starts, ns since the epoch. */
  readonly startNs: number;
  readonly firstSeq: number;
  readonly payloadBytes: number;
  /** Faults are injected into measured phases only. */
  readonly measured: boolean;
}

export interface Published {
  readonly kind: 'published';
  readonly sent: number;
  /** sentAt − dueAt of every message, µs. */
  readonly slip: EncodedHistogram;
  readonly firstSentAt: number;
  readonly lastSentAt: number;
  readonly injected: Injected;
  /** Messages the upstream did not take; only where a client publishes. */
  readonly failed: number;
}

/** What an event loop did since the last sample of the same process. */
export interface LoopSample {
  /** Share of the time the event loop was busy, 0–1. */
  readonly utilization: number;
  readonly gcMs: number;
  readonly gcLongestMs: number;
  readonly rssBytes: number;
}

export type ToServer =
  | { readonly kind: 'publish'; readonly order: PublishOrder }
  /** Asks for the counters as they are now. */
  | { readonly kind: 'count' }
  /** Broadcast as fast as the event loop turns, for this long: the null target of the head-room check. */
  | { readonly kind: 'flood'; readonly durationMs: number; readonly payloadBytes: number }
  | { readonly kind: 'stop' };

export type FromServer =
  | { readonly kind: 'listening'; readonly endpoint: Endpoint; readonly httpPort: number }
  | { readonly kind: 'cannot-listen'; readonly code: string; readonly port: number }
  | Published
  | { readonly kind: 'counted'; readonly dropped: number }
  | { readonly kind: 'flooded'; readonly sent: number; readonly durationNs: number }
  | {
      readonly kind: 'server-sample';
      readonly at: number;
      readonly loop: LoopSample;
      readonly sessions: number;
      readonly bufferedBytes: number;
    };

export interface WorkerConfig {
  readonly epoch: Epoch;
  readonly worker: number;
  readonly transport: string;
  readonly client: ClientKind;
  readonly faults: Faults;
}

/** What a worker should count as one phase. */
export interface Expectation {
  readonly firstSeq: number;
  readonly count: number;
  readonly deadlineMs: number;
  /** Keep the latency of every delivery of every `sampleEvery`-th message; 0 keeps none. */
  readonly sampleEvery: number;
}

export type ToWorker =
  | {
      readonly kind: 'connect';
      readonly endpoint: Endpoint;
      readonly clients: number;
      readonly concurrency: number;
      readonly timeoutMs: number;
    }
  | { readonly kind: 'expect'; readonly expectation: Expectation }
  | { readonly kind: 'publish'; readonly order: PublishOrder }
  /** The load is over; what follows is waiting for stragglers, which is no work to be judged by. */
  | { readonly kind: 'load-over' }
  | { readonly kind: 'collect' }
  | { readonly kind: 'stop' };

/** Counts of one worker over one phase. Every message of the phase to every client is in exactly one of received and lost. */
export interface DeliveryCounts {
  readonly received: number;
  readonly duplicated: number;
  /** Deliveries that came after one with a higher sequence number. */
  readonly reordered: number;
  /** Deliveries after the deadline; they are among the received. */
  readonly late: number;
  /** Messages that are not of this benchmark or this phase. */
  readonly foreign: number;
  /** Deliveries received before they were due or sent: a fault of the clock, never clamped away. */
  readonly beforeDue: number;
}

export interface PhaseReport {
  readonly kind: 'phase-report';
  readonly counts: DeliveryCounts;
  /** due → received, µs */
  readonly due: EncodedHistogram;
  /** sent → received, µs */
  readonly sent: EncodedHistogram;
  /**
   * Row per kept message, column per client of this worker: due → received in µs plus one; 0 where it
   * has not arrived.
   */
  readonly cells: Uint32Array;
  readonly columns: number;
  /** Bytes read since the handshakes and messages received since then; undefined where a library hides it. */
  readonly wire: { readonly bytes: number; readonly messages: number } | undefined;
  /** Of the load, without the wait for stragglers. */
  readonly loop: LoopSample;
  /** When the last delivery of the phase came, ns since the epoch; undefined when none did. */
  readonly lastReceivedAt: number | undefined;
  /** How late the worker's own 20 ms probe ran, µs. */
  readonly probe: { readonly p99: number; readonly max: number };
  readonly closed: readonly { readonly cause: string; readonly count: number }[];
}

export interface Connected {
  readonly kind: 'connected';
  readonly open: number;
  readonly failed: readonly { readonly cause: string; readonly count: number }[];
  /** TCP connect to end of handshake, µs. */
  readonly latency: EncodedHistogram;
  readonly handshakeBytes: number | undefined;
}

export type FromWorker =
  | { readonly kind: 'ready' }
  | Connected
  /** Ready to count; `open` is the number of clients connected here. */
  | { readonly kind: 'expecting'; readonly open: number }
  | { readonly kind: 'complete' }
  | Published
  | PhaseReport
  | {
      readonly kind: 'worker-sample';
      readonly at: number;
      readonly received: number;
      /** due → received so far in this phase, µs */
      readonly p99: number | undefined;
      readonly loop: LoopSample;
    };
