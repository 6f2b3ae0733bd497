/** What a measure of a study is: how one sample of a path is taken, and what several of them say. */
import type { StreamKind } from '../../core/records/probe.ts';
import type { Judgement, Sample } from '../../core/records/study.ts';
import type { ProxyProgram } from '../../proxies/proxy.ts';
import type { ProbeEndpoint } from '../probing/endpoint.ts';
import type { Origin } from '../probing/origin.ts';

/** An instance of a proxy that nothing else goes through. */
export interface Disturbable {
  readonly endpoint: ProbeEndpoint;
  /** Undefined where there is no proxy. */
  readonly renew: ((how: 'reload' | 'restart') => Promise<void>) | undefined;
  /** All its processes; none where there is no proxy. */
  pids(): readonly number[];
  /** Ends it before the path ends. */
  stop(): Promise<void>;
}

/** Changes the text of a configuration. */
export type Edit = (proxy: ProxyProgram, template: string) => string;

/** A way from a client to an origin, for as long as a measure looks at it. */
export interface StudyPath {
  readonly transport: StreamKind;
  /** Where clients connect. */
  readonly endpoint: ProbeEndpoint;
  /** The origin without anything in between. */
  readonly direct: ProbeEndpoint;
  readonly origin: Origin;
  /** All processes of the proxy; none on the direct path. */
  pids(): readonly number[];
  /** The same route to somewhere else; ended with the path, at the latest. */
  to(port: number): Promise<ProbeEndpoint>;
  /**
   * Another instance of the same route in front of the same origin, which may be disturbed.
   * @param edit of its configuration, where it is to be another
   */
  another(edit?: Edit): Promise<Disturbable>;
  /** How long it is waited for things that take their time, ms. */
  readonly maxMs: number;
  /** Ends what waits. */
  readonly signal: AbortSignal;
}

/** What one look found; `problem` where it could not be taken. */
export type Found = Pick<Sample, 'figures' | 'facts'>;

/** Found already, or as soon as something else has been waited for. */
export type Look = Found | { readonly later: Promise<Found> };

export interface About {
  readonly transport: StreamKind;
  readonly route: string;
  readonly maxMs: number;
}

export interface Measure {
  readonly name: string;
  /** Heads a column. */
  readonly title: string;
  readonly question: string;
  /** Whether it does nothing but wait: then it is taken beside others that do. */
  readonly waits: boolean;
  /** About how long it needs the machine to itself, and how long it waits, ms. */
  takesMs(maxMs: number): { readonly alone: number; readonly waits: number };
  /** @throws ProbeFailure where nothing could be measured */
  look(path: StudyPath): Promise<Look>;
  /** @param found of every repeat that came about; at least one */
  judge(found: readonly Found[], about: About): Omit<Judgement, 'disagree'>;
  /** The figure in which repeats should agree, and by how much they may differ. */
  readonly agreement: {
    readonly figure: string;
    /** Of the median. */
    readonly share: number;
    /** And at least this much, in its unit. */
    readonly slack: number;
  };
}
