/**
 * What all charts share. Colours are custom properties of the page's style sheet, so a change of the
 * colour scheme, or printing, needs no new drawing.
 */
import type { Config, TopLevelSpec } from 'vega-lite';
import type { ArmLook } from '../arm-look.ts';

/** Named as in the style sheet: the width of a text is measured before it is drawn. */
export const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

export const config: Config = {
  background: 'transparent',
  font: FONT,
  view: { stroke: null },
  axis: {
    labelColor: 'var(--muted)',
    labelFontSize: 11,
    titleColor: 'var(--muted)',
    titleFontSize: 11,
    titleFontWeight: 'normal',
    titlePadding: 8,
    domainColor: 'var(--rule)',
    tickColor: 'var(--rule)',
    gridColor: 'var(--grid)',
    labelOverlap: 'greedy',
  },
};

/** The first lines of every specification. */
export const base = {
  $schema: 'https://vega.github.io/schema/vega-lite/v6.json',
  width: 'container',
  autosize: { type: 'fit-x', contains: 'padding' },
  padding: { left: 0, right: 6, top: 6, bottom: 4 },
  config,
} as const satisfies Partial<TopLevelSpec>;

/** Space for the axis: equal in the panels of a figure, so that what is below each other belongs together. */
export const Y_AXIS = { minExtent: 54, maxExtent: 54 } as const;

export function armColor(looks: readonly ArmLook[]) {
  return {
    field: 'arm',
    type: 'nominal',
    scale: { domain: looks.map(({ name }) => name), range: looks.map(({ color }) => color) },
    legend: null,
  } as const;
}

export function armShape(looks: readonly ArmLook[]) {
  return {
    field: 'arm',
    type: 'nominal',
    scale: { domain: looks.map(({ name }) => name), range: looks.map(({ shape }) => shape) },
    legend: null,
  } as const;
}

/** What a pointer shows, as field and what it is called. */
export function tooltip(fields: Readonly<Record<string, string>>) {
  return Object.entries(fields).map(([field, title]) => ({ field, title }));
}

export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** The domain of a scale: inside `as const` a literal would become read-only, which Vega-Lite's types refuse. */
export const span = <T extends number | string>(...values: T[]): T[] => values;

/** Axis values with words of ours: Vega would have to be told how to write each unit. */
export function labelled(ticks: readonly Tick[]) {
  const values = ticks.map(({ value }) => value);
  const labels = JSON.stringify(ticks.map(({ label }) => label));
  return { values, labelExpr: `${labels}[indexof(${JSON.stringify(values)}, datum.value)]` };
}

/** Coarse to fine; the first of these that gives an axis enough to read by is taken. */
const STEPS = [
  [1, 10],
  [1, 2, 5],
  [1, 1.5, 2, 3, 4, 5, 7],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9],
] as const;

/** A logarithmic axis that holds all values with a little air; equal ratios are equal lengths on it. */
export function logAxis(
  values: readonly number[],
  format: (value: number) => string,
  fewestTicks = 3,
) {
  const above = values.filter((value) => value > 0);
  // Of nothing there is an axis all the same, or the whole drawing would be refused.
  const positive = above.length > 0 ? above : [1];
  const low = Math.min(...positive) / 1.12;
  const high = Math.max(...positive) * 1.12;
  const candidates = STEPS.map((steps) => ticksBetween(low, high, steps));
  const ticks = candidates.find(({ length }) => length >= fewestTicks) ?? candidates.at(-1) ?? [];
  return {
    scale: { type: 'log', domain: span(low, high), nice: false, clamp: true },
    axis: labelled(ticks.map((value) => ({ value, label: tickText(format(value)) }))),
  } as const;
}

/** '10.0 ms' → '10 ms': the zeros tell of a precision that a tick does not need. */
export function tickText(text: string): string {
  return text.replace(/(\.\d*?)0+(?!\d)/, '$1').replace(/\.(?!\d)/, '');
}

function ticksBetween(low: number, high: number, steps: readonly number[]): number[] {
  const ticks = new Set<number>();
  for (let exponent = Math.floor(Math.log10(low)); 10 ** exponent <= high; exponent += 1) {
    for (const step of steps) ticks.add(Number((step * 10 ** exponent).toPrecision(2)));
  }
  return [...ticks].filter((tick) => tick >= low && tick <= high);
}

/** Four digits are more than a drawing can show, and a third of the bytes. */
export function short(value: number): number {
  return Number(value.toPrecision(4));
}
