/**
 * The typed messages between the controller and its child processes, as discriminated unions. Processes
 * of one trial share nothing but these, a socket, and the epoch of the clock.
 */
import type { Epoch } from './clock.ts';
import type { Faults, Injected } from './faults.ts';
import type { EncodedHistogram } from './histogram.ts';
import type {
  Audience,
  Comeback,
  ConnectPhase,
  Prefill,
  RequestWork,
  SlowPolicy,
  SlowReaders,
} from './scenario.ts';
import type { ScheduleOptions } from './schedule.ts';
import type { ClientKind, Endpoint } from './transport.ts';

export interface ServerConfig {
  readonly epoch: Epoch;
  readonly transport: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly heartbeatMs: number;
  /** A session with more than this buffered is slow, and treated by the policy. */
  readonly bufferLimitBytes: number;
  readonly policy: SlowPolicy;
  /** Messages kept per room; 0 keeps none and sends no ids. */
  readonly replay: number;
  /** With `disconnect`: how long a session may hold back. */
  readonly slowMs: number;
  /** How long the answer to a heartbeat may take; 0 waits for ever. */
  readonly pongTimeoutMs: number;
  /** When TCP begins to probe a silent peer; 0 never does. */
  readonly keepAliveMs: number;
  /** When clients are told to come back after a cut; 0 says nothing. */
  readonly retryMs: number;
  /** Server processes behind the one port. */
  readonly processes: number;
  /** Paths of a certificate and its key, where the server is to speak TLS. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
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
  /** Message i is number `firstSeq + floor(i / channels)` of channel i mod channels. */
  readonly audience: Audience;
  /** Faults are injected into measured phases only. */
  readonly measured: boolean;
}

/** Questions of the server to its sessions in turn, as data for the one who asks. */
export interface AskOrder {
  readonly schedule: ScheduleOptions;
  readonly startNs: number;
  readonly payloadBytes: number;
  readonly timeoutMs: number;
}

/** Requests of the clients. Every worker follows the whole schedule and sends request i when i mod workers is its own number. */
export interface RequestOrder {
  readonly schedule: ScheduleOptions;
  readonly startNs: number;
  readonly payloadBytes: number;
  readonly timeoutMs: number;
  readonly workers: number;
  readonly cancelShare: number;
  readonly work: RequestWork;
}

/** Round trips of one phase as the side that started them saw them. */
export interface TripCounts {
  readonly planned: number;
  readonly sent: number;
  /** Answered, late ones included. */
  readonly answered: number;
  /** Of the answered: after the timeout. */
  readonly late: number;
  /** Answered with an error, or refused. */
  readonly errors: number;
  /** Answers to what was answered already. */
  readonly duplicated: number;
  /** Answers to what was never asked. */
  readonly foreign: number;
  readonly cancelled: number;
  /** Parts of answers, over all round trips. */
  readonly parts: number;
  /** Parts that came although the request had been cancelled. */
  readonly partsAfterCancel: number;
  /** Parts that answered requests lack; only where every answer has as many parts. */
  readonly partsMissing?: number;
  /** Parts that came out of turn, or again; only there. */
  readonly partsOutOfTurn?: number;
  readonly beforeDue: number;
}

/** Of one process over one phase. Merged by adding counts, histograms and cells. */
export interface TripReport {
  readonly counts: TripCounts;
  /** due → answered and sent → answered of what was answered, µs */
  readonly due: EncodedHistogram;
  readonly sent: EncodedHistogram;
  /** sentAt − dueAt, µs */
  readonly slip: EncodedHistogram;
  /** due → first part, µs; only where answers have parts */
  readonly first: EncodedHistogram | undefined;
  /** Between one part and the next, µs. */
  readonly gap: EncodedHistogram | undefined;
  /** Round trip without the time the other side says it worked, µs; only where it says so. */
  readonly overhead: EncodedHistogram | undefined;
  /** Row per round trip of the whole schedule: due → answered in µs plus one; 0 where it has none, or is another process's. */
  readonly cells: Uint32Array;
  readonly firstSentAt: number;
  readonly lastSentAt: number;
  readonly lastAnsweredAt: number | undefined;
}

/** What the server counted since its start. */
export interface ServerCounts {
  /** Deliveries left out, by reason. */
  readonly drops: Readonly<Record<string, number>>;
  /** Bytes read and written on all sockets, HTTP heads and requests included. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Time that publishing stood still for a slow session, ns. */
  readonly blockedNs: number;
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

/** Messages of before the trial, for those who want a history. */
export interface PrefillOrder extends Pick<Prefill, 'messages' | 'payloadBytes'> {
  readonly firstSeq: number;
}

export type ToServer =
  | { readonly kind: 'prefill'; readonly order: PrefillOrder }
  | { readonly kind: 'publish'; readonly order: PublishOrder }
  /** How requests of clients are answered from now on. */
  | { readonly kind: 'handle'; readonly work: RequestWork; readonly payloadBytes: number }
  | { readonly kind: 'ask'; readonly order: AskOrder }
  /** Asks for the counters as they are now. */
  | { readonly kind: 'count' }
  /** Broadcast as fast as the event loop turns, for this long: the null target of the head-room check. */
  | { readonly kind: 'flood'; readonly durationMs: number; readonly payloadBytes: number }
  /** Beats at this interval from now on; 0 beats nobody. */
  | { readonly kind: 'beat'; readonly intervalMs: number }
  /** Asks for the connections that have ended since it was asked last. */
  | { readonly kind: 'closures' }
  /** Sends everybody away without a stampede, then ends by itself. */
  | { readonly kind: 'drain'; readonly deadlineMs: number }
  | { readonly kind: 'stop' };

/** A connection that has ended, as the server saw it. */
export interface Closure {
  /** ns since the epoch */
  readonly at: number;
  /** Why the server ended it; undefined where it was ended from outside. */
  readonly why: string | undefined;
}

export type FromServer =
  | {
      readonly kind: 'listening';
      readonly endpoint: Endpoint;
      readonly httpPort: number;
      /** Of the processes that serve, where it is not the one that says so. */
      readonly pids?: readonly number[];
    }
  | { readonly kind: 'beating' }
  | { readonly kind: 'closures'; readonly closures: readonly Closure[] }
  | { readonly kind: 'cannot-listen'; readonly code: string; readonly port: number }
  | { readonly kind: 'prefilled' }
  | Published
  /** The last question has its outcome. */
  | { readonly kind: 'asked'; readonly report: TripReport }
  | { readonly kind: 'handling' }
  | { readonly kind: 'counted'; readonly counts: ServerCounts }
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
  /** Connections for requests beside the streams, and how many requests may be under way on each. */
  readonly upstream: { readonly connections: number; readonly pipelining: number };
  readonly faults: Faults;
}

/** Deliveries that a worker should count as one phase. */
export interface Expectation {
  readonly firstSeq: number;
  /** Messages of the whole phase, over all channels. */
  readonly count: number;
  readonly audience: Audience;
  readonly ordered: boolean;
  /** Whether the server may leave out what a newer message replaces: then the last of each channel is all to wait for. */
  readonly coalesces?: boolean;
  readonly deadlineMs: number;
  /** Keep the latency of every delivery of every `sampleEvery`-th message; 0 keeps none. */
  readonly sampleEvery: number;
}

/** How a worker's clients answer what the server asks them. */
export interface AskBehaviour {
  readonly workMs: number;
  readonly work: 'constant' | 'exponential';
  readonly parts: number;
  readonly gapMs: number;
  readonly payloadBytes: number;
  readonly seed: number;
}

/** The messages of before its time that each client of a phase is to get. */
export interface HistoryOrder {
  readonly firstSeq: number;
  readonly count: number;
  readonly deadlineMs: number;
}

/** What became of the histories of one worker's clients, those that never connected included. */
export interface HistoryReport {
  readonly clients: number;
  /** Messages of all histories together. */
  readonly expected: number;
  readonly received: number;
  /** Messages that came again, or after a later one. */
  readonly repeated: number;
  /** From the call to connect to the last message of the history, µs; of clients that lack nothing. */
  readonly latency: EncodedHistogram;
}

/** What became of the connections of one worker that were cut. Times are ns since the epoch; NaN: never. */
export interface ComebackReport {
  /** Per client of this worker. */
  readonly lostAt: Float64Array;
  readonly backAt: Float64Array;
  /** First delivery on the new connection. */
  readonly firstMessageAt: Float64Array;
  /** Every attempt to connect, and those of them that failed. */
  readonly attemptedAt: Float64Array;
  readonly refusedAt: Float64Array;
  readonly refusals: readonly { readonly cause: string; readonly count: number }[];
  /** From the call to connect to the end of the handshake, of what succeeded, µs. */
  readonly handshake: EncodedHistogram;
  /** Events that said that something is missing. */
  readonly gaps: number;
  /** Connections that ended, the second end of one client included. */
  readonly cut: number;
}

export type ToWorker =
  | {
      readonly kind: 'connect';
      readonly endpoint: Endpoint;
      readonly clients: number;
      /** Number of the first of them among the clients of all workers, of which there are `totalClients`. */
      readonly firstClient: number;
      readonly totalClients: number;
      readonly phase: ConnectPhase;
      readonly history?: HistoryOrder | undefined;
      readonly answer: 'stream' | 'response';
      readonly concurrency: number;
      readonly timeoutMs: number;
    }
  | {
      readonly kind: 'expect';
      readonly deliveries: Expectation | undefined;
      /** Whether an order to make requests follows, so that it is not complete without them. */
      readonly requests: boolean;
      readonly asks: AskBehaviour | undefined;
      readonly slow: (SlowReaders & { readonly totalClients: number }) | undefined;
      /** How clients behave whose connection ends; left out, they stay away. */
      readonly comeback: Comeback | undefined;
    }
  /** With `everyone`, each worker follows the whole schedule and sends for its own clients. */
  | { readonly kind: 'publish'; readonly order: PublishOrder; readonly everyone: boolean }
  | { readonly kind: 'request'; readonly order: RequestOrder }
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
  /** Where this worker's clients made requests. */
  readonly requests: TripReport | undefined;
  /** Per room or key that must be in one order: a digest per client of the order it saw. */
  readonly orders: readonly { readonly channel: number; readonly digest: number }[] | undefined;
  /** Of the connect phase; what came twice since then is in it too. */
  readonly history: HistoryReport | undefined;
  /** Clients that do not have the last message of each of their channels. */
  readonly staleClients: number;
  /** Answers to questions of the server, and their parts, that could not be sent. */
  readonly failedAnswers: number;
  /** Where clients were told how to come back. */
  readonly comebacks: ComebackReport | undefined;
  readonly upstreamConnections: number;
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
}

export type FromWorker =
  | { readonly kind: 'ready' }
  | Connected
  /** Ready to count; `open` is the number of clients connected here. */
  | { readonly kind: 'expecting'; readonly open: number }
  /** Nothing is missing any more, neither deliveries nor answers. */
  | { readonly kind: 'complete' }
  | Published
  /** The last request of this worker has been sent. */
  | { readonly kind: 'requested' }
  | PhaseReport
  | {
      readonly kind: 'worker-sample';
      readonly at: number;
      readonly received: number;
      /** due → received so far in this phase, µs */
      readonly p99: number | undefined;
      readonly loop: LoopSample;
    };
