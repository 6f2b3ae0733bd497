/** What a delivery costs, in absolute figures and as multiples of the floor. */

import { figureText } from '../../figure-text.ts';
import type { MetricId } from '../../metrics/registry.ts';
import type { ArmLook } from '../arm-look.ts';
import { armTag } from '../arm-look.ts';
import type { Content, Markup } from '../markup.ts';
import { html } from '../markup.ts';
import { figures, table, words } from '../table.ts';
import type { View } from '../view.ts';
import { comparisonsOf, countedOf, metricOf } from '../view.ts';

const ROWS = [
  'server.cpu',
  'server.cpu.user',
  'generator.cpu',
  'wire.bytes',
  'server.switches',
] as const satisfies readonly MetricId[];

/** Lossless transports differ here more reliably than in latency. */
export function costSection(view: View): Markup | undefined {
  if (view.looks.every((look) => countedOf(view, look).length === 0)) return undefined;
  const floor = view.looks.find(({ arm }) => arm.role === 'floor');
  return html`<div id="cost${view.suffix}"><h3>Cost of a delivery</h3>
<p class="intro">CPU is measured from outside the process, per delivery, as the median of the rounds. The part in user space stands apart because on one host the sender is also billed for some of the receiver's TCP work.${
    floor === undefined
      ? undefined
      : ` ${floor.name} is the floor: the same hub with the thinnest framing there is, so a multiple of it is what the protocol itself adds.`
  }</p>
${table({
  label: 'Cost per delivery of each arm',
  columns: [words('per delivery'), ...view.looks.map((look) => figures(armTag(look)))],
  rows: ROWS.map((id) => [rowHead(id), ...view.looks.map((look) => cell(view, look, floor, id))]),
})}</div>`;
}

function rowHead(id: MetricId): Content {
  const metric = metricOf(id);
  return html`<span title="${metric?.explain ?? ''}">${metric?.title ?? id}</span> <small>lower is better</small>`;
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
