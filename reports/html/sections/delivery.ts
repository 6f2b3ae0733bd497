/** What was delivered and what was not, per arm, counted over all rounds that count. */
import { figureText } from '../../figure-text.ts';
import { hasDeliveries } from '../../flow.ts';
import { formatMetric } from '../../metric.ts';
import type { MetricId } from '../../metrics/registry.ts';
import { metricOf } from '../../metrics/registry.ts';
import { DROP_REASONS } from '../../metrics/slow-sessions.ts';
import { armTag } from '../arm-look.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { countedOf } from '../view.ts';
import { incidents } from './incidents.ts';

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
  const all = view.looks.flatMap((look) => countedOf(view, look));
  if (!all.some(hasDeliveries)) return undefined;
  const rows = view.looks.map((look) => {
    const trials = countedOf(view, look).filter(hasDeliveries);
    const ledgers = trials.flatMap(({ ledger }) => ledger ?? []);
    const sum = (column: (typeof COLUMNS)[number]): number =>
      ledgers.reduce((total, ledger) => total + ledger[column], 0);
    const expected = sum('expected');
    const coalesced = ledgers.reduce((total, ledger) => total + (ledger.coalesced ?? 0), 0);
    const wanted = expected - coalesced;
    const dropped = trials.flatMap(({ probes }) => probes['serverDropped'] ?? []);
    return [
      armTag(look),
      trials.length,
      wanted <= 0 ? '–' : formatMetric('share', sum('received') / wanted),
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
${besides(view)}${incidents(view)}</div>`;
}

/** Counts that only some loads have: what became of slow sessions, and of the order and the last messages. */
const BESIDES = [
  ...DROP_REASONS,
  'block.time',
  'order.disagree',
  'stale.clients',
] as const satisfies readonly MetricId[];

function besides(view: View): Markup | undefined {
  const texts = (id: MetricId): string[] =>
    view.looks.map((look) => figureText(view.run, look.arm, view.point, id).text);
  const present = BESIDES.map((id) => ({ id, cells: texts(id) })).filter(({ cells }) =>
    cells.some((cell) => !/^(–|0|0 µs)$/.test(cell)),
  );
  if (present.length === 0) return undefined;
  return html`<p>What the server did about slow sessions, and clients that did not end with what they should have. Counts are of all rounds together, a time is the median of the rounds:</p>${table(
    {
      label: 'Slow sessions, order and last messages per arm',
      columns: [words('what'), ...view.looks.map((look) => figures(armTag(look)))],
      rows: present.map(({ id, cells }) => [
        html`<span title="${metricOf(id)?.explain ?? ''}">${metricOf(id)?.title ?? id}</span>`,
        ...cells,
      ]),
    },
  )}`;
}

/** What should be zero stands out where it is not. */
function counted(value: number, column: (typeof COLUMNS)[number]): Content {
  const text = value.toLocaleString('en-US');
  return value > 0 && column !== 'expected' && column !== 'received'
    ? html`<strong class="alert">${text}</strong>`
    : text;
}
