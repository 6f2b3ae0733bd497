/** What happened beside the load, whatever the load was: faults made on purpose, and connections that ended. */
import type { ArmLook } from '../arm-look.ts';
import { armTag } from '../arm-look.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { countedOf } from '../view.ts';

export function incidents(view: View): Content {
  return [injected(view), closings(view)];
}

/** A run with faults made on purpose can be checked against what was asked for. */
function injected(view: View): Markup | undefined {
  const sums = view.looks.map((look) => INJECTED.map(({ kind }) => injectedBy(view, look, kind)));
  if (sums.every((row) => row.every((sum = 0) => sum === 0))) return undefined;
  return html`<p>Faults were injected on purpose. What was dropped, made twice or swapped should be found again above; what was held back is in the latencies:</p>${table(
    {
      label: 'Injected faults per arm',
      columns: [words('arm'), ...INJECTED.map(({ title }) => figures(title))],
      rows: view.looks.map((look, index) => [
        armTag(look),
        ...(sums[index] ?? []).map((sum) => sum?.toLocaleString('en-US') ?? '–'),
      ]),
    },
  )}`;
}

const INJECTED = [
  { kind: 'dropped', title: 'deliveries dropped' },
  { kind: 'duplicated', title: 'deliveries made twice' },
  { kind: 'swapped', title: 'broadcasts swapped' },
  { kind: 'delayed', title: 'broadcasts held back' },
] as const;

/** Of all trials that count; undefined where none of them says. */
function injectedBy(
  view: View,
  look: ArmLook,
  kind: (typeof INJECTED)[number]['kind'],
): number | undefined {
  const counts = countedOf(view, look).flatMap(({ injected }) => injected?.[kind] ?? []);
  return counts.length === 0 ? undefined : counts.reduce((sum, count) => sum + count, 0);
}

function closings(view: View): Markup | undefined {
  const rows = view.looks.flatMap((look) => {
    const causes = new Map<string, number>();
    for (const { cause, count } of countedOf(view, look).flatMap(({ closed }) => closed)) {
      causes.set(cause, (causes.get(cause) ?? 0) + count);
    }
    return [...causes].map(([cause, count]) => [
      armTag(look),
      cause,
      count.toLocaleString('en-US'),
    ]);
  });
  if (rows.length === 0) return undefined;
  return html`<p>Connections that ended during the measurement:</p>${table({
    label: 'Connections that ended, by cause',
    columns: [words('arm'), words('cause'), figures('connections')],
    rows,
  })}`;
}
