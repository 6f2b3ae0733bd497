/** What the phases of one trial share: its processes, its clock, and the evidence they leave behind. */
import type { Clock } from '../core/clock.ts';
import type { FromServer, FromWorker, ToServer, ToWorker } from '../core/control.ts';
import type { Injected } from '../core/faults.ts';
import type { Histogram } from '../core/histogram.ts';
import type {
  Flow,
  Histograms,
  Ledger,
  PhaseRecord,
  TimelinePoint,
  Trial,
} from '../core/result.ts';
import type { SlowPolicy } from '../core/scenario.ts';
import type { Endpoint } from '../core/transport.ts';
import type { Child } from './child-process.ts';

export type ServerChild = Child<ToServer, FromServer>;
export type WorkerChild = Child<ToWorker, FromWorker>;

/** Progress of the phase under way. */
export interface PhaseProgress {
  readonly phase: string;
  readonly received: number;
  /** due → received so far, µs */
  readonly p99: number | undefined;
}

export interface TrialContext {
  readonly clock: Clock;
  readonly seed: number;
  /** What the server does about a session that does not keep up. */
  readonly policy: SlowPolicy;
  readonly server: ServerChild;
  readonly workers: readonly WorkerChild[];
  readonly endpoint: Endpoint;
  readonly connectTimeoutMs: number;
  /** Where answers to requests come from, for transports that have the choice. */
  readonly answer: 'stream' | 'response';
  readonly onProgress: (progress: PhaseProgress) => void;
  /** Subscribers that are supposed to be there, set by the connect phase. */
  clients: number;
  connect:
    | { readonly failed: number; readonly latency: Histogram; readonly causes: readonly Tally[] }
    | undefined;
  nextSeq: number;
  readonly phases: PhaseRecord[];
  /** Of the measured phase, once it is over. */
  measurement: Measurement | undefined;
}

export interface Tally {
  readonly cause: string;
  readonly count: number;
}

export interface Measurement {
  /** What the ledger, histograms, timeline and series are about. */
  readonly flow: Flow;
  readonly trips: Trial['trips'];
  readonly ledger: Ledger;
  readonly histograms: Omit<Histograms, 'connect'>;
  readonly timeline: readonly TimelinePoint[];
  readonly injected: Injected | undefined;
  readonly closed: readonly Tally[];
  readonly probes: Readonly<Record<string, number>>;
  /** Median latency per 100 ms of the schedule, µs, for the test of steadiness. */
  readonly series: readonly number[];
  /** Whether every message is for every client. */
  readonly toEverybody: boolean;
  /** Whether anything of the load is sent by the generator. */
  readonly generatorSends: boolean;
  /** Clients that read only now and then. */
  readonly slowClients: number;
  /** Of all flows together. */
  readonly foreign: number;
  readonly beforeDue: number;
}
