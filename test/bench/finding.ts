/** One line of the self-benchmark: a figure, the limit it is held to, and whether it keeps it. */
import type { Ratio } from './ratio.ts';
import { describe } from './ratio.ts';

export interface Finding {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  /** Undefined where the figure is information only. */
  readonly limit: number | undefined;
  /** `unclear`: the limit lies inside the interval of the figure, so more rounds would be needed to say. */
  readonly state: 'ok' | 'unclear' | 'missed';
  readonly says: string;
}

export function atMost(
  id: string,
  value: number,
  limit: number,
  unit: string,
  says: string,
): Finding {
  return { id, value, unit, limit, state: value <= limit ? 'ok' : 'missed', says };
}

export function atLeast(
  id: string,
  value: number,
  limit: number,
  unit: string,
  says: string,
): Finding {
  return { id, value, unit, limit, state: value >= limit ? 'ok' : 'missed', says };
}

export function information(id: string, value: number, unit: string, says: string): Finding {
  return { id, value, unit, limit: undefined, state: 'ok', says };
}

/** A ratio keeps its limit when the whole 95 % interval does, and misses it when none of it does. */
export function ratioAtMost(id: string, found: Ratio, limit: number, says: string): Finding {
  const { ratio, low, high } = found;
  const state = high <= limit ? 'ok' : low > limit ? 'missed' : 'unclear';
  return { id, value: ratio, unit: '×', limit, state, says: `${says}: ${describe(found)}` };
}
