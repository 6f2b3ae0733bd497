/** The middle of a figure over repeats, and its words. */

import { median } from '../../core/median.ts';
import { formatMicroseconds } from '../../core/units.ts';
import type { Found } from './measure.ts';

/** The median of the repeats that have it. */
export function typical(found: readonly Found[], figure: string): number | undefined {
  return median(found.flatMap(({ figures }) => figures[figure] ?? []));
}

/** What most repeats say; the first of several. */
export function commonest(found: readonly Found[], fact: string): string | undefined {
  const counts = new Map<string, number>();
  for (const { facts } of found) {
    const text = facts[fact];
    if (text !== undefined) counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

export const transportNames = { sse: 'SSE', ws: 'WebSocket' } as const;

/** How many, of things that are whole. */
export const countText = (count: number): string => Math.round(count).toLocaleString('en-US');

export const msText = (ms: number): string => formatMicroseconds(ms * 1_000);

/** Without what is undefined: a figure that is not there was not seen. */
export function seen(
  figures: Readonly<Record<string, number | undefined>>,
): Record<string, number> {
  const entries = Object.entries(figures).flatMap(([name, value]): [string, number][] =>
    value === undefined ? [] : [[name, value]],
  );
  return Object.fromEntries(entries);
}
