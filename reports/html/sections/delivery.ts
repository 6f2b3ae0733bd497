/** What arrived and what did not, per arm, counted over all rounds that count. */
import { formatMetric } from '../../metric.ts';
import { armTag } from '../arm-look.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { countedOf } from '../view.ts';

const COLUMNS = [
  'expected',
  'received',
  'lost',
  'duplicated',
  'reordered',
  'late',
  'foreign',
] as const;

export function deliverySection(view: View): Markup | undefined {
  if (view.looks.every((look) => countedOf(view, look).length === 0)) return undefined;
  const rows = view.looks.map((look) => {
    const trials = countedOf(view, look);
    const ledgers = trials.flatMap(({ ledger }) => ledger ?? []);
    const sum = (column: (typeof COLUMNS)[number]): number =>
      ledgers.reduce((total, ledger) => total + ledger[column], 0);
    const expected = sum('expected');
    const dropped = trials.flatMap(({ probes }) => probes['serverDropped'] ?? []);
    return [
      armTag(look),
      trials.length,
      expected === 0 ? '–' : formatMetric('share', sum('received') / expected),
      ...COLUMNS.map((column) => (ledgers.length === 0 ? '–' : counted(sum(column), column))),
      dropped.length === 0
        ? '–'
        : counted(
            dropped.reduce((a, b) => a + b, 0),
            'lost',
          ),
    ];
  });
  return html`<div id="delivery${view.suffix}"><h3>Delivery</h3>
<p class="intro">Expected is messages × subscribers, those that never connected included. Whatever is lost counts as later than the deadline in every percentile, so losing the slow ones cannot make an arm look fast.</p>
${table({
  label: 'Deliveries per arm, all counted rounds together',
  columns: [
    words('arm'),
    figures('trials'),
    figures('reach'),
    ...COLUMNS.map((column) => figures(column)),
    figures('dropped by the server'),
  ],
  rows,
})}
${injected(view)}${closings(view)}</div>`;
}

/** What should be zero stands out where it is not. */
function counted(value: number, column: (typeof COLUMNS)[number]): Content {
  const text = value.toLocaleString('en-US');
  return value > 0 && column !== 'expected' && column !== 'received'
    ? html`<strong class="alert">${text}</strong>`
    : text;
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
