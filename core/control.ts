/**
 * The typed messages between the controller and its child processes, as discriminated unions. Processes
 * of one trial share nothing but these, a socket, and the epoch of the clock.
 */
import type { Epoch } from './clock.ts';
import type { Faults } from './faults.ts';
import type { EncodedHistogram } from './histogram.ts';
import type { Inspect, ServerInspected, WorkerInspected } from './inspection.ts';
import type {
  Closure,
  Gauge,
  LoopSample,
  PhaseReport,
  Published,
  Roll,
  ServerCounts,
  Tally,
  TripReport,
} from './process-reports.ts';
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
import type { LoadedTarget } from './target.ts';
import type { ClientKind, Endpoint } from './transport.ts';

/**
 * Raised when a server of before would not understand a controller of now, or its messages not be
 * understood: a gate runs the server of another commit.
 */
export const CONTROL_VERSION = 1;

/**
 * How long a target may take until it is ready, where its file says nothing. Not beside the schema of that
 * file, whose library the process of every trial would load with it.
 */
export const READY_MS = 20_000;

export interface ServerConfig {
  readonly epoch: Epoch;
  readonly transport: string;
  readonly host: string;
  /** Of loopback, where more clients are to come than one has ports for; left out: `host` alone. */
  readonly addresses?: number;
  /** 0 takes any free port. */
  readonly port: number;
  /** Of a transport that is not over HTTP; left out or 0: any free port. */
  readonly tcpPort?: number;
  readonly heartbeatMs: number;
  /** A session with more than this buffered is slow, and treated by the policy. */
  readonly bufferLimitBytes: number;
  readonly policy: SlowPolicy;
  /** Messages kept per room; 0 keeps none and sends no ids. */
  readonly replay: number;
  /** With `block`: how long everybody waits for a slow session. */
  readonly blockMs: number;
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
  /** Of a target: marks the messages of this trial; the same after a restart. */
  readonly tag?: string | undefined;
  /** Of a target: the cores it runs on, which are not those of the process that publishes through it. */
  readonly cores?: readonly number[] | undefined;
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
  /** What comes before it in the schedule is left out: it was due while there was no server; left out, all is sent. */
  readonly firstIndex?: number;
  /** How long after the last of them a client waits to hear that they got there; left out: as long as it takes. */
  readonly deadlineMs?: number;
}

/** Questions of the server to its sessions in turn, as data for the one who asks. */
export interface AskOrder {
  readonly schedule: ScheduleOptions;
  readonly startNs: number;
  readonly payloadBytes: number;
  readonly timeoutMs: number;
  /** Where several processes ask: of the schedule those for which i mod `of` is `index`. */
  readonly share?: { readonly index: number; readonly of: number };
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

/** How the processes of a server are replaced, one after the other. */
export interface RollOrder {
  /** Sent away in good order, the next one being there already; or killed, and started again. */
  readonly how: 'drain' | 'kill';
  /** How long draining one may take. */
  readonly deadlineMs: number;
  /** How long it may take at most, after each of them, until as many sessions are there as before. */
  readonly settleMs: number;
}

/** Messages of before the trial, for those who want a history. */
export interface PrefillOrder extends Pick<Prefill, 'messages' | 'payloadBytes'> {
  readonly firstSeq: number;
}

export type ToServer =
  /** The first message to the process beside somebody else's server. No argument of it: there may be secrets in it. */
  | { readonly kind: 'target'; readonly target: LoadedTarget }
  | { readonly kind: 'prefill'; readonly order: PrefillOrder }
  | { readonly kind: 'publish'; readonly order: PublishOrder }
  /** How requests of clients are answered from now on. */
  | { readonly kind: 'handle'; readonly work: RequestWork; readonly payloadBytes: number }
  | { readonly kind: 'ask'; readonly order: AskOrder }
  /** Asks for the counters as they are now. */
  | { readonly kind: 'count' }
  | Inspect
  /** Asks how full it is; may be asked in the middle of a load. */
  | { readonly kind: 'gauge' }
  /**
   * Broadcast as fast as the event loop turns, for this long: the null target of the head-room check. With a
   * window no faster than clients take it: nothing is sent while more than that is buffered for them.
   */
  | {
      readonly kind: 'flood';
      readonly durationMs: number;
      readonly payloadBytes: number;
      readonly windowBytes?: number;
    }
  /** Beats at this interval from now on; 0 beats nobody. */
  | { readonly kind: 'beat'; readonly intervalMs: number }
  /** Asks for the connections that have ended since it was asked last. */
  | { readonly kind: 'closures' }
  /** Sends everybody away without a stampede, then ends by itself. */
  | { readonly kind: 'drain'; readonly deadlineMs: number }
  /** Of a server with several processes: replaces them all, one after the other. */
  | { readonly kind: 'roll'; readonly order: RollOrder }
  | { readonly kind: 'stop' };

export type FromServer =
  | {
      readonly kind: 'listening';
      /** `CONTROL_VERSION` of the server. */
      readonly version: number;
      readonly endpoint: Endpoint;
      readonly httpPort: number;
      /** Of the processes that serve, where it is not the one that says so. */
      readonly pids?: readonly number[];
    }
  /** Other processes serve from now on. */
  | { readonly kind: 'members'; readonly pids: readonly number[] }
  | { readonly kind: 'rolled'; readonly roll: Roll }
  /** `sent` is the number of heartbeats so far, over all sessions of all processes. */
  | { readonly kind: 'beating'; readonly sent?: number }
  | { readonly kind: 'closures'; readonly closures: readonly Closure[] }
  | {
      readonly kind: 'cannot-listen';
      readonly code: string;
      readonly port: number;
      /** Left out by builds of before: at that of the setup. */
      readonly host?: string;
    }
  | { readonly kind: 'prefilled' }
  | Published
  /** The last question has its outcome. */
  | {
      readonly kind: 'asked';
      readonly report: TripReport;
      /** Of the other processes that asked. */
      readonly others?: readonly TripReport[];
    }
  | { readonly kind: 'handling' }
  | { readonly kind: 'counted'; readonly counts: ServerCounts }
  | { readonly kind: 'gauged'; readonly gauge: Gauge }
  | ServerInspected
  | {
      readonly kind: 'flooded';
      readonly sent: number;
      readonly durationNs: number;
      /** With a window: when it began, ns since the epoch, and how long it was held back. */
      readonly startNs?: number;
      readonly heldNs?: number;
    }
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
  readonly upstream: {
    readonly connections: number;
    readonly pipelining: number;
    /** How long the answer to a POST may take; left out: five minutes. */
    readonly timeoutMs?: number;
    /** How long a connection for it may take; left out: ten seconds. */
    readonly connectTimeoutMs?: number;
  };
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
  /** When messages are due that are too small to say so; `starts` tells from when on. */
  readonly schedule?: ScheduleOptions;
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

export type ToWorker =
  | {
      readonly kind: 'connect';
      readonly endpoint: Endpoint;
      /** Where client i goes instead, by i modulo their number; what is sent beside a stream does not. */
      readonly detours?: readonly Endpoint[];
      readonly clients: number;
      /** Number of the first of them among the clients of all workers, of which there are `totalClients`. */
      readonly firstClient: number;
      readonly totalClients: number;
      readonly phase: ConnectPhase;
      /** Beside those who are connected; they only hold their connection. */
      readonly adds?: boolean;
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
      readonly comeback: (Comeback & { readonly seed: number }) | undefined;
    }
  /** When the schedule of what is expected starts, ns since the epoch; where messages do not carry their times, or clients stall. */
  | { readonly kind: 'starts'; readonly startNs: number }
  /** With `everyone`, each worker follows the whole schedule and sends for its own clients. */
  | { readonly kind: 'publish'; readonly order: PublishOrder; readonly everyone: boolean }
  | { readonly kind: 'request'; readonly order: RequestOrder }
  /** The load is over; what follows is waiting for stragglers, which is no work to be judged by. */
  | { readonly kind: 'load-over' }
  | Inspect
  | { readonly kind: 'collect' }
  | { readonly kind: 'stop' };

export interface Connected {
  readonly kind: 'connected';
  readonly open: number;
  readonly failed: readonly Tally[];
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
  | WorkerInspected
  | PhaseReport
  | {
      readonly kind: 'worker-sample';
      readonly at: number;
      readonly received: number;
      /** due → received so far in this phase, µs */
      readonly p99: number | undefined;
      readonly loop: LoopSample;
    };
