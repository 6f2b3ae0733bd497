/** The typed messages between the controller and a relay: what it shall cut, and what it says it did. */
import type { Epoch } from '../core/clock.ts';
import type { Shape } from './routes/shape.ts';

/** How a relay ends the connections that pass through it. */
export type RelayCut = 'fin' | 'rst' | 'half-open';

export interface RelayConfig {
  readonly epoch: Epoch;
  readonly host: string;
  readonly target: { readonly host: string; readonly port: number };
  /** What the path is like; left out: as fast as it can. */
  readonly shape?: Shape;
  readonly seed?: number;
}

/** One line of a relay's own log. Connections are numbered as they were accepted, from 0. */
export interface RelayLogLine {
  readonly connection: number;
  readonly how: RelayCut;
  /** ns since the epoch */
  readonly at: number;
}

export type ToRelay =
  | {
      readonly kind: 'cut';
      readonly how: RelayCut;
      /** The last that were accepted of those that are open. */
      readonly count: number;
      /** Whether nobody is let in until it is mended. */
      readonly shut: boolean;
    }
  | { readonly kind: 'mend' }
  | { readonly kind: 'stop' };

export type FromRelay =
  | { readonly kind: 'relaying'; readonly port: number }
  | {
      readonly kind: 'was-cut';
      /** Before the first of them, ns since the epoch. */
      readonly at: number;
      readonly log: readonly RelayLogLine[];
    }
  | { readonly kind: 'mended'; readonly at: number };
