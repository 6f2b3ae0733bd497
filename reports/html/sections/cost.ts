/** What a delivery or a round trip costs, in absolute figures and as multiples of the floor. */

import type { Trial } from '../../../core/result.ts';
import { formatNanoseconds } from '../../../core/units.ts';
import { figureText } from '../../figure-text.ts';
import { hasDeliveries, tripsOf } from '../../flow.ts';
import type { MetricId } from '../../metrics/registry.ts';
import { metricOf } from '../../metrics/registry.ts';
import { YARDSTICK, yardstickOf } from '../../yardstick.ts';
import type { ArmLook } from '../arm-look.ts';
import { armTag } from '../arm-look.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { comparisonsOf, countedOf } from '../view.ts';

interface Cost {
  readonly title: string;
  /** Head of the column that names what each row is. */
  readonly head: string;
  readonly intro: string;
  readonly rows: readonly MetricId[];
}

const COSTS = {
  delivery: {
    title: 'Cost of a delivery',
    head: 'per delivery',
    intro:
      'CPU is measured from outside the process, per delivery, as the median of the rounds. The part in user space stands apart because on one host the sender is also billed for some of the receiver’s TCP work.',
    rows: [
      'server.cpu',
      'server.cpu.user',
      'proxy.cpu',
      'generator.cpu',
      'wire.bytes',
      'server.switches',
    ],
  },
  trip: {
    title: 'Cost of a round trip',
    head: 'per round trip',
    intro:
      'CPU is measured from outside the process, bytes on the sockets of the server, both per answered round trip, as the median of the rounds. Bytes are payload, framing and the heads of HTTP requests and responses. Connections are counted beside the streams, in all.',
    rows: [
      'trip.server.cpu',
      'trip.proxy.cpu',
      'trip.generator.cpu',
      'trip.bytes.up',
      'trip.bytes.down',
      'upstream.connections',
    ],
  },
  mixed: {
    title: 'Cost of the whole load',
    head: 'of everything',
    intro:
      'Deliveries and round trips were under way at the same time, and a process has one CPU account: what either costs alone cannot be told from this run. The load is CPU time as a share of one core.',
    rows: ['server.busy', 'upstream.connections'],
  },
} as const satisfies Record<string, Cost>;

const OF_PROXY: readonly MetricId[] = ['proxy.cpu', 'trip.proxy.cpu'];

const hasFigure =
  (id: MetricId) =>
  ({ metrics }: Trial): boolean =>
    metrics[id] !== undefined;

/** Lossless transports differ here more reliably than in latency. */
export function costSection(view: View): Markup | undefined {
  const trials = view.looks.flatMap((look) => countedOf(view, look));
  if (trials.length === 0) return undefined;
  const { title, head, intro, rows }: Cost = !trials.some(hasDeliveries)
    ? COSTS.trip
    : trials.some((trial) => tripsOf(trial).length > 0)
      ? COSTS.mixed
      : COSTS.delivery;
  const floor = view.looks.find(({ arm }) => arm.role === 'floor');
  const yardstick = yardstickOf(view.run, view.point);
  const ofYardstick = (id: MetricId): Content => {
    if (id === 'trip.server.cpu' && yardstick?.cpu !== undefined)
      return formatNanoseconds(yardstick.cpu);
    return id === 'upstream.connections' ? yardstick?.connections : '–';
  };
  return html`<div id="cost${view.suffix}"><h3>${title}</h3>
<p class="intro">${intro}${
    floor === undefined
      ? undefined
      : ` ${floor.name} is the floor: the same hub with the thinnest framing there is, so a multiple of it is what the protocol itself adds.`
  }</p>
${table({
  label: `${title}, of each arm`,
  columns: [
    words(head),
    ...view.looks.map((look) => figures(armTag(look))),
    ...(yardstick === undefined ? [] : [figures(YARDSTICK)]),
  ],
  // Without a proxy there is nothing to say of one.
  rows: rows
    .filter((id) => !OF_PROXY.includes(id) || trials.some(hasFigure(id)))
    .map((id) => [
      rowHead(id),
      ...view.looks.map((look) => cell(view, look, floor, id)),
      ...(yardstick === undefined ? [] : [ofYardstick(id)]),
    ]),
})}</div>`;
}

function rowHead(id: MetricId): Content {
  const metric = metricOf(id);
  const title = (metric?.title ?? id).replace('round-trip ', '');
  return html`<span title="${metric?.explain ?? ''}">${title}</span> <small>lower is better</small>`;
}

function cell(view: View, look: ArmLook, floor: ArmLook | undefined, id: MetricId): Content {
  const { text } = figureText(view.run, look.arm, view.point, id);
  if (floor === undefined || look === floor || text === '–') return text;
  const against = comparisonsOf(view).find(
    (one) => one.metric === id && one.arm === look.arm.name && one.against === floor.arm.name,
  );
  if (against?.ratio === undefined) return text;
  const { ratio, low, high } = against;
  const interval =
    low === undefined || high === undefined ? '' : ` (${low.toFixed(2)}–${high.toFixed(2)})`;
  return html`${text}<br><small>${ratio.toFixed(2)} × ${floor.name}${interval}</small>`;
}
