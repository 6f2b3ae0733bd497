/** What the phases of one trial share: its processes, its clock, and the evidence they leave behind. */
import type { Clock } from '../core/clock.ts';
import type { FromServer, FromWorker, PublishOrder, ToServer, ToWorker } from '../core/control.ts';
import type { Injected } from '../core/faults.ts';
import type { Histogram } from '../core/histogram.ts';
import type { Tally } from '../core/process-reports.ts';
import type { SoakSample } from '../core/records/soak.ts';
import type {
  Flow,
  Histograms,
  Ledger,
  PhaseRecord,
  TimelinePoint,
  Trial,
} from '../core/result.ts';
import type { FaultPlan, SlowPolicy } from '../core/scenario.ts';
import type { Endpoint } from '../core/transport.ts';
import type { Child, Supervisor } from './child-process.ts';
import type { Injector } from './cuts/injector.ts';
import type { Network } from './namespaces.ts';
import type { StartedRoute } from './routes/start-route.ts';
import type { SoakPlan } from './soak-watch.ts';
import type { TrialSetup } from './trial.ts';

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
  readonly setup: TrialSetup;
  readonly supervisor: Supervisor;
  /** Where the processes run, if not in the machine's own network. */
  readonly network: Network | undefined;
  /** The one that serves now; a restart puts another in its place. */
  server: ServerChild;
  /** Starts the next one on the same port; the old one has to be gone. Waits until it listens. */
  readonly restartServer: () => Promise<ServerChild>;
  /** All processes that serve now. */
  serverPids: readonly number[];
  readonly workers: readonly WorkerChild[];
  /** Where clients connect; a path in between puts its own here before they do. */
  endpoint: Endpoint;
  /** Where client i connects instead, by i modulo their number; none: at `endpoint`. */
  detours: readonly Endpoint[];
  /** The proxy in between, once it runs. */
  route: Pick<StartedRoute, 'pids' | 'log' | 'reload'> | undefined;
  /** What is going to happen in the middle of a load, and who brings it about. */
  fault: { readonly plan: FaultPlan; readonly injector: Injector } | undefined;
  /** What the server publishes now, so that another can go on with it. */
  publishing: PublishOrder | undefined;
  readonly connectTimeoutMs: number;
  /** Where answers to requests come from, for transports that have the choice. */
  readonly answer: 'stream' | 'response';
  readonly onProgress: (progress: PhaseProgress) => void;
  /** Called for each look at a long load, as it is made; what it throws ends the run. */
  onSoakSample?: (plan: SoakPlan, sample: SoakSample) => void;
  /** Subscribers that are supposed to be there, set by the connect phase. */
  clients: number;
  connect:
    | { readonly failed: number; readonly latency: Histogram; readonly causes: readonly Tally[] }
    | undefined;
  nextSeq: number;
  readonly phases: PhaseRecord[];
  /** Of the measured phase, once it is over. */
  measurement: Measurement | undefined;
  /** What only some scenarios have to show; added by their phases. */
  readonly records: Partial<TrialRecords>;
  /** Figures of phases that measure something else than a load. */
  readonly probes: Record<string, number>;
  /** Connections that the trial itself brings to an end: no fault of anybody. */
  expectedClosures: number;
  /** Undone in reverse at the end, whatever that is. */
  readonly cleanups: (() => Promise<void> | void)[];
}

export type TrialRecords = Required<Pick<Trial, 'fault' | 'stall' | 'rest' | 'soak' | 'beat'>>;

export interface Measurement {
  /** What the ledger, histograms, timeline and series are about. */
  readonly flow: Flow;
  readonly trips: Trial['trips'];
  readonly ledger: Ledger;
  readonly histograms: Omit<Histograms, 'connect'>;
  readonly timeline: readonly TimelinePoint[];
  readonly injected: Injected | undefined;
  readonly closed: readonly Tally[];
  /** What came of somebody else's server and was no delivery. */
  readonly strays: readonly Tally[];
  /** Why POSTs failed. */
  readonly failedPosts: readonly Tally[];
  readonly probes: Readonly<Record<string, number>>;
  /** Median latency per 100 ms of the schedule, µs, for the test of steadiness. */
  readonly series: readonly number[];
  /** Whether every message is for every client. */
  readonly toEverybody: boolean;
  /** Whether anything of the load is sent by the generator. */
  readonly generatorSends: boolean;
  /** Clients that did not read all the time and whose connection ended. */
  readonly slowClosed: number;
  /** Of all flows together. */
  readonly foreign: number;
  readonly beforeDue: number;
}
