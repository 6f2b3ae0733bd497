/**
 * A scenario is the script of a load, as data: a question, typed parameters, and the phases that follow
 * from their values. It imports no server and no generator; runners are looked up by `Phase['kind']`.
 */
import type { Params, ParamValues, PlainValues } from './params.ts';
import type { Pacing } from './schedule.ts';

/** Opens `clients` connections and waits until each is established or has failed. */
export interface ConnectPhase {
  readonly kind: 'connect';
  readonly clients: number;
  /** Client i joins room i mod `rooms`; left out, all are in the main room. */
  readonly rooms?: number;
  /** Client i filters by the keys i, i + 1, … i + `each` − 1, modulo `of`. */
  readonly keys?: { readonly of: number; readonly each: number };
  /** Asks for an identity, without which nothing can be sent beside a one-way stream. */
  readonly addressable?: boolean;
  /** Messages each client wants of what was published before it came. */
  readonly history?: number;
  /** What the server publishes to everybody before anybody connects; it needs `ServerNeeds.replay`. */
  readonly prefill?: Prefill;
  /** `clients` are those there are then, and the ones of before stay. They only hold their connection: no load may follow. */
  readonly adds?: true;
}

export interface Prefill {
  readonly messages: number;
  readonly payloadBytes: number;
  /** How long after the last connection the history of all may take to come. */
  readonly deadlineMs: number;
}

/**
 * What happens at the same time, on schedules of their own: publishing, requests of clients, requests of
 * the server. The phase waits until everything has arrived or its deadline has passed, so that nothing
 * of one phase is in flight in the next.
 */
export interface LoadPhase {
  readonly kind: 'load';
  /** Whether this phase is the measurement; otherwise it is a warm-up and kept apart. */
  readonly measured: boolean;
  readonly durationMs: number;
  readonly pacing: Pacing;
  /** How long after its due time a delivery still counts as on time, and a round trip as answered. */
  readonly deadlineMs: number;
  readonly publish?: PublishLoad;
  readonly request?: RequestLoad;
  readonly ask?: AskLoad;
  /** Clients that read only now and then, or stop for a while. */
  readonly slow?: SlowReaders;
  /** What is broken in the middle of it. */
  readonly fault?: FaultPlan;
  /** How often memory, descriptors, timers and latencies are looked at and kept. */
  readonly soak?: { readonly intervalMs: number };
}

/** Nothing but heartbeats: what those who are connected cost while they wait. */
export type RestPhase =
  | {
      readonly kind: 'rest';
      readonly what: 'memory';
      /** How long memory may take until it moves no more. */
      readonly durationMs: number;
    }
  | {
      readonly kind: 'rest';
      readonly what: 'cpu';
      /** 0 sends none. */
      readonly heartbeatMs: number;
      /** How long CPU is counted, at least. */
      readonly durationMs: number;
      /** Only to have the code of heartbeats compiled before what is counted: nothing of it is kept. */
      readonly warmUp?: true;
    };

export interface PublishLoad {
  /** Messages per second, over all channels. */
  readonly ratePerS: number;
  readonly payloadBytes: number;
  /** The server itself, one client, or all clients in turn (each to a channel of its own). */
  readonly from: 'server' | 'client' | 'everyone';
  /** Message i goes to everybody, to room i mod rooms, or to everybody under key i mod keys. */
  readonly to: Audience;
  /** Whether all members of a room must have seen its messages in one and the same order. */
  readonly ordered?: boolean;
}

/** Those whom a message is for. A channel is a room or a key; sequence numbers count per channel. */
export type Audience =
  | { readonly kind: 'everybody' }
  | { readonly kind: 'rooms'; readonly count: number }
  | { readonly kind: 'keys'; readonly count: number; readonly each: number };

/** How a request is answered: with what came, or with parts on a schedule and an end. */
export type RequestWork =
  | { readonly kind: 'echo' }
  | {
      readonly kind: 'parts';
      readonly parts: number;
      readonly gapMs: number;
      /** Text in each part; left out, as much as in the request. */
      readonly bytes?: number;
    };

export interface RequestLoad {
  /** Requests per second, of all clients together. */
  readonly ratePerS: number;
  readonly payloadBytes: number;
  /** Where SSE gets its answer: as an event on the stream, or in the response of the POST. */
  readonly answer: 'stream' | 'response';
  readonly work: RequestWork;
  /** Share of requests that are given up half-way through their parts. */
  readonly cancelShare: number;
}

export interface AskLoad {
  /** Questions per second, to the clients in turn. */
  readonly ratePerS: number;
  readonly payloadBytes: number;
  /** How long a client works before it answers. */
  readonly workMs: number;
  readonly work: 'constant' | 'exponential';
  /** Parts that the answer comes in, `gapMs` apart, before it ends. */
  readonly parts: number;
  readonly gapMs: number;
}

/** Clients that do not keep up with what they are sent. */
export type SlowReaders = IntervalReaders | Stall;

/** They stop and read in turn, all through a load. */
export interface IntervalReaders {
  readonly kind?: 'intervals';
  /** Share of all clients: the last ones. */
  readonly share: number;
  readonly pauseMs: number;
  readonly readMs: number;
}

/** They stop once, and then read again. */
export interface Stall {
  readonly kind: 'stall';
  /** Share of all clients: the last ones. */
  readonly share: number;
  /** Whether they really do; otherwise they only stand apart, as those do that the others are held against. */
  readonly stalls: boolean;
  /** When they stop, after the start of the load, and for how long. */
  readonly atMs: number;
  readonly forMs: number;
  /** What each still reads meanwhile, bytes of messages per second; 0 reads nothing. */
  readonly readBytesPerS: number;
}

/** How connections come to an end that nobody asked for. */
export const cuts = [
  'fin',
  'rst',
  'black-hole',
  'half-open',
  'restart',
  'drain',
  'rolling-kill',
] as const;
export type Cut = (typeof cuts)[number];

/** When clients that were cut off try to come back. */
export const strategies = ['fixed', 'server', 'full-jitter', 'none'] as const;
export type Strategy = (typeof strategies)[number];

/** One fault in the middle of a load, injected by something outside both ends. */
export interface FaultPlan {
  readonly cut: Cut;
  /** When it happens, after the start of the load. */
  readonly atMs: number;
  /** How long the path, or the server, stays away: the offline window is pinned, not found. */
  readonly forMs: number;
  /** Share of the clients that it hits: the last ones. */
  readonly share: number;
  readonly comeback: Comeback;
  /** Where processes are replaced in turn, as RollOrder of core/control.ts has it; left out: 1 s and 6 s. */
  readonly roll?: { readonly deadlineMs: number; readonly settleMs: number };
}

export interface Comeback {
  readonly strategy: Strategy;
  /** Of `fixed`: the wait. Of `full-jitter`: the longest first wait, which doubles with every attempt. */
  readonly baseMs: number;
  /** The longest that any wait may become. */
  readonly capMs: number;
  /** Whether clients say what they saw last, and are given what they missed. */
  readonly resume: boolean;
  /** A client that has heard nothing for so long takes its connection for dead; 0 never does. */
  readonly silenceMs: number;
}

/** Nothing but heartbeats: what they cost, and how long it takes either side to notice silence. */
export interface BeatPhase {
  readonly kind: 'beat';
  /** How long cost is counted without heartbeats, and with them, at least. */
  readonly windowMs: number;
  /** A black hole, from the end of those on. */
  readonly fault: FaultPlan;
}

/**
 * After the measured load: the server publishes to everybody as fast as its clients take it, which no schedule
 * can tell. Nothing of it is in the figures of the load.
 */
export interface FloodPhase {
  readonly kind: 'flood';
  readonly durationMs: number;
  readonly payloadBytes: number;
}

export type Phase = ConnectPhase | LoadPhase | RestPhase | BeatPhase | FloodPhase;

export interface Scenario {
  readonly name: string;
  /** The question it answers, one sentence. */
  readonly question: string;
  readonly params: Params;
  /** Parameter values that `--quick` puts in place of the defaults. */
  readonly quick: PlainValues;
  /** Values that `check` puts in place of the defaults: a load at which small changes are seen. */
  readonly gate?: PlainValues;
  /** A pure function of the parameter values. */
  phases(values: PlainValues): readonly Phase[];
  /** What to compare where nothing else is asked for; left out, every candidate and the floor. */
  readonly arms?: string;
  /** Rounds where nothing else is asked for. */
  readonly rounds?: number;
  /** The sweep where nothing else is asked for, as `--vary` takes it. */
  readonly vary?: string;
  /** Ways to run every arm that are put beside each other; the first has no name. */
  readonly variants?: (values: PlainValues) => readonly Variant[];
  /** Looks for the highest load that meets an objective, and runs no other. */
  readonly search?: (values: PlainValues) => SearchPlan;
  /** What the server must be told to play its part; left out, its defaults. */
  readonly server?: (values: PlainValues) => Partial<ServerNeeds>;
  /** Options of every scenario that this one settles by a parameter of its own, which is what to use instead. */
  readonly settles?: Readonly<Record<string, string>>;
  /** Metrics the verdict speaks of, most important first. At most five. */
  readonly headline: readonly string[];
  /** The sweep to suggest to somebody who wants to look around the operating point. */
  readonly explore: string;
  /** Of one that is none of ours, where it came from, as it was written: the path of its file. */
  readonly origin?: string;
}

/** What it is called on the command line. */
export function refOf({ name, origin }: Scenario): string {
  return origin ?? name;
}

/** A scenario whose parameters are known to the compiler. */
export interface DefinedScenario<P extends Params = Params> extends Scenario {
  readonly params: P;
}

/** Which parameter is searched, and for what. */
export interface SearchPlan {
  readonly param: string;
  readonly unit: '/s' | 'count';
  /** What the load has to keep to, in the words of core/objective. */
  readonly objective: string;
  readonly from: number;
  readonly to: number;
  /** Factor between steps until one fails. */
  readonly factor: number;
  /** How far apart the last pass and the first fail may be in the end, as a share. */
  readonly resolution: number;
  /** How often one step is run again because the machine was busy with something else. */
  readonly retries: number;
}

/** An arm of its own on every transport: other values of some parameters. */
export interface Variant {
  /** Behind the transport's in the arm's name, as in `sse-calm`; '' for the one the others are held against. */
  readonly name: string;
  readonly title: string;
  readonly values: PlainValues;
}

export const slowPolicies = [
  'drop-newest',
  'drop-oldest',
  'keep-latest',
  'disconnect',
  'block',
] as const;
/** What happens to a session that does not keep up. */
export type SlowPolicy = (typeof slowPolicies)[number];

/** Settings of the push server that a scenario may depend on. */
export interface ServerNeeds {
  readonly policy: SlowPolicy;
  /** Messages kept per room for those who come back, or come late; 0 keeps none and sends no ids. */
  readonly replay: number;
  /** A session with more than this buffered is slow. */
  readonly bufferLimitBytes: number;
  /** With `block`: how long everybody waits for a session over that. */
  readonly blockMs: number;
  /** With `disconnect`: how long a session may hold back less than that; more ends it at once. */
  readonly slowMs: number;
  /** Interval of heartbeats; 0 sends none. */
  readonly heartbeatMs: number;
  /** How long the answer to a heartbeat may take, where the protocol has one; 0 waits for ever. */
  readonly pongTimeoutMs: number;
  /** When TCP begins to probe a silent peer; 0 never does. */
  readonly keepAliveMs: number;
  /** When clients are told to come back after a cut, where the protocol can say so; 0 says nothing. */
  readonly retryMs: number;
  /** Server processes behind the one port. */
  readonly processes: number;
}

/** Checks the phases against the parameters' types, then forgets those types. */
export function defineScenario<const P extends Params>(
  scenario: Omit<Scenario, 'params' | 'phases' | 'server' | 'variants' | 'search' | 'origin'> & {
    readonly params: P;
    phases(values: ParamValues<P>): readonly Phase[];
    readonly variants?: (values: ParamValues<P>) => readonly Variant[];
    readonly search?: (values: ParamValues<P>) => SearchPlan;
    readonly server?: (values: ParamValues<P>) => Partial<ServerNeeds>;
  },
): DefinedScenario<P> {
  // The values come from fillParams over these same params, which is what makes the cast true.
  return scenario as DefinedScenario<P>;
}
