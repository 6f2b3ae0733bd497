/**
 * What the processes of a trial report to the controller: counts, histograms and times of one phase or one
 * moment, as plain data that can be added up over processes.
 */
import type { Injected } from './faults.ts';
import type { EncodedHistogram } from './histogram.ts';

/** What an event loop did since the last sample of the same process. */
export interface LoopSample {
  /** Share of the time the event loop was busy, 0–1. */
  readonly utilization: number;
  readonly gcMs: number;
  readonly gcLongestMs: number;
  readonly rssBytes: number;
}

/** How often something came about for one reason. */
export interface Tally {
  readonly cause: string;
  readonly count: number;
}

export interface Published {
  readonly kind: 'published';
  readonly sent: number;
  /** sentAt − dueAt of every message, µs. */
  readonly slip: EncodedHistogram;
  readonly firstSentAt: number;
  readonly lastSentAt: number;
  readonly injected: Injected;
  /** Messages the upstream did not take; only where a client publishes, or through a target. */
  readonly failed: number;
  /** Why, where it is not a client that publishes. */
  readonly failures?: readonly Tally[];
}

/** What the server counted since its start. What somebody else's server does not tell is left out: it is not 0. */
export interface ServerCounts {
  /** Deliveries left out, by reason. */
  readonly drops?: Readonly<Record<string, number>>;
  /** Bytes read and written on all sockets, HTTP heads and requests included. */
  readonly bytesIn?: number;
  readonly bytesOut?: number;
  /** Time that publishing stood still for a slow session, ns. */
  readonly blockedNs?: number;
  /** Messages written again for those who came back, and times it said that something is missing. */
  readonly replayed?: number;
  readonly gaps?: number;
  /** Messages published, and writes of them to sessions. */
  readonly published?: number;
  readonly delivered?: number;
  /** Sessions that were sent away because they were slow. */
  readonly expelled?: number;
  /** When, ns since the epoch: of the first thousand of each process, which is a sample where there are more. */
  readonly slowAt?: readonly number[];
  /** What somebody else's server says of its own cost; only where its processes cannot be looked at. */
  readonly reported?: {
    /** Since its start, all of its processes together. */
    readonly cpuNs?: number | undefined;
    /** The smallest step of `cpuNs` that can be told. */
    readonly cpuStepNs?: number | undefined;
    readonly rssBytes?: number | undefined;
  };
}

/** How full the server is at this moment. */
export interface Gauge {
  /** ns since the epoch */
  readonly at: number;
  /** Held in user space for sessions that hold back. */
  readonly bufferedBytes: number;
  /** Since its start: messages published, deliveries left out, and sessions sent away because they were slow. */
  readonly published: number;
  readonly dropped: number;
  readonly expelled: number;
}

/** How the processes of a server were replaced, in their order. */
export interface Roll {
  readonly members: readonly {
    readonly pid: number;
    /** Sessions it had when it was told to end, or was killed. */
    readonly sessions: number;
    /** When that was, when it was gone, and when another served in its place, ns since the epoch. */
    readonly endedAt: number;
    readonly goneAt: number;
    readonly replacedAt: number;
  }[];
}

/** A connection that has ended, as the server saw it. */
export interface Closure {
  /** ns since the epoch */
  readonly at: number;
  /** Why the server ended it; undefined where it was ended from outside. */
  readonly why: string | undefined;
}

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
  /** Every end of a connection and every return, in their order; a client may be cut off more than once. */
  readonly everyLostAt: Float64Array;
  readonly everyBackAt: Float64Array;
  /** From the end of a connection, as the client noticed it, to the end of the next handshake, of each return, ns. */
  readonly outages: Float64Array;
  /** Per client of this worker: since when it is away; NaN: it is not. */
  readonly awaySince: Float64Array;
  /** Every attempt to connect, and those of them that failed. */
  readonly attemptedAt: Float64Array;
  readonly refusedAt: Float64Array;
  readonly refusals: readonly Tally[];
  /** From the call to connect to the end of the handshake, of what succeeded, µs. */
  readonly handshake: EncodedHistogram;
  /** Events that said that something is missing. */
  readonly gaps: number;
  /** Connections that ended, the second end of one client included. */
  readonly cut: number;
}

/** What became of the clients of one worker that were to stop reading. */
export interface StallReport {
  /** Number of the first of them among the clients of this worker; as many as it has, where none is. */
  readonly firstClient: number;
  /** How many stopped, and when they did and read again, ns since the epoch; NaN: never. */
  readonly stopped: number;
  readonly from: number;
  readonly until: number;
}

/** Something that arrived and is no delivery. */
export interface Stray {
  readonly kind: 'unmarked' | 'changed' | 'other';
  /** Shortened. */
  readonly text: string;
}

/** What clients of somebody else's server received in a phase that is no delivery. All but the ignored count as foreign. */
export interface Strays {
  /** What is to be ignored, or under a name that carries no messages. */
  readonly ignored: number;
  /** Names of events that carry no messages, as far as some came: the first few. */
  readonly ignoredEvents: readonly string[];
  /** Without anything of the benchmark in it. */
  readonly unmarked: number;
  /** Messages that are not as they were published: changed on their way, or cut off. */
  readonly changed: number;
  /** Messages of another trial. */
  readonly other: number;
  /** The last few of those that were not ignored. */
  readonly samples: readonly Stray[];
}

export interface PhaseReport {
  readonly kind: 'phase-report';
  /** Where the server is somebody else's. */
  readonly strays?: Strays | undefined;
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
  /** Where clients were to stop reading, or stand for those of another arm that are. */
  readonly stall?: StallReport | undefined;
  /** Clients whose connection ended in this phase, by number among those of this worker. */
  readonly closedClients?: readonly number[];
  readonly upstreamConnections: number;
  /** Why POSTs failed, since the phase began. */
  readonly failedPosts?: readonly Tally[];
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
  readonly closed: readonly Tally[];
}
