/** What happened beside the load, whatever the load was: faults made on purpose, and connections that ended. */
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
  const kinds = ['dropped', 'duplicated', 'swapped'] as const;
  const totals = view.looks.map((look) =>
    kinds.map((kind) =>
      countedOf(view, look).reduce((sum, one) => sum + (one.injected?.[kind] ?? 0), 0),
    ),
  );
  if (totals.every((row) => row.every((value) => value === 0))) return undefined;
  return html`<p>Faults were injected on purpose; this many of them should be found again above:</p>${table(
    {
      label: 'Injected faults per arm',
      columns: [words('arm'), ...kinds.map((kind) => figures(kind))],
      rows: view.looks.map((look, index) => [
        armTag(look),
        ...(totals[index] ?? []).map((value) => value.toLocaleString('en-US')),
      ]),
    },
  )}`;
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
