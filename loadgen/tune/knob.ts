/** What may be varied of a proxy: one directive, or the few that only work together. Data and no judgement. */
import type { Values } from '../../proxies/directive.ts';

export interface Knob {
  /** Names it in tables: the directive, or what the directives are for. */
  readonly name: string;
  /** Against stock; '' takes a directive out. */
  readonly set: Values;
  /** What is generally said of it, and the figures in which that would show. */
  readonly folklore?: Folklore;
  /** What one pays for it, as far as it is not measured here. */
  readonly cost?: string;
  /** `candidate`: may come out as better; `contrast`: shows what a line of stock, or a habit, does. */
  readonly role: 'candidate' | 'contrast';
}

export interface Folklore {
  readonly says: string;
  /** Their ids in tuned-figures.ts. */
  readonly figures: readonly string[];
}

/** Groups of figures that are talked about. */
export const EVENTS = ['held', 'clumped', 'delay'];
export const CUTS = ['idle.both', 'idle.server', 'idle.client'];

export interface ProxyKnobs {
  /** Time-outs that hold in stock, so long that nobody waits for them. */
  readonly timeouts: readonly { readonly directive: string; readonly holds: string }[];
  /** A time in the notation of the proxy. */
  readonly time: (ms: number) => string;
  readonly knobs: readonly Knob[];
  /**
   * By directive, a value that does no harm to any stream; '' takes it out. With these a configuration is
   * tried from which something is wrong.
   */
  readonly harmless: Values;
}
