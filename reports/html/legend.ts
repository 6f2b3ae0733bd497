/** The key of a chart, as a list beside it: it wraps on a narrow window, which a key inside a drawing cannot. */
import type { ArmLook } from './arm-look.ts';
import { armTag } from './arm-look.ts';
import type { Markup } from './markup.ts';
import { html } from './markup.ts';

/** Kinds of line that the style sheet knows how to draw. */
export type LineStyle = 'line-merged' | 'line-sent' | 'line-round' | 'line-pair';

export function armLegend(
  looks: readonly ArmLook[],
  lines: readonly (readonly [LineStyle, string])[] = [],
): Markup {
  return html`<ul class="legend">${looks.map((look) => html`<li>${armTag(look)}</li>`)}${lines.map(
    ([style, says]) => html`<li><span class="key ${style}"></span><small>${says}</small></li>`,
  )}</ul>`;
}
