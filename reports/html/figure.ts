/** A chart as a figure: a title, a sentence on what to look for, the drawing, and its data as a table. */
import type { TopLevelSpec } from 'vega-lite';
import type { Content, Markup } from './markup.ts';
import { html, jsonText } from './markup.ts';

export interface Panel {
  readonly id: string;
  /** Above the panel, where a figure has several. */
  readonly heading?: Content;
  /** What a screen reader says in place of the drawing. */
  readonly label: string;
  readonly spec: TopLevelSpec;
}

export interface FigureParts {
  readonly id: string;
  readonly title: string;
  readonly lookFor: Content;
  readonly legend?: Markup;
  readonly panels: readonly Panel[];
  /** Small charts side by side where there is room, instead of beneath each other. */
  readonly grid?: boolean;
  /** What the drawing leaves out, and why. */
  readonly notes?: readonly Content[];
  readonly data: Markup;
}

export function figure(parts: FigureParts): Markup {
  const { id, title, lookFor, legend, panels, notes = [], data } = parts;
  return html`<figure id="${id}" aria-labelledby="${id}-title">
<figcaption><h3 id="${id}-title">${title}</h3><p>${lookFor}</p></figcaption>
${legend}
<div class="${parts.grid === true ? 'panels grid' : 'panels'}">${panels.map(panel)}</div>
${notes.map((note) => html`<p class="note">${note}</p>`)}
<details class="data"><summary>The data of this chart as a table</summary>${data}</details>
</figure>
`;
}

/**
 * The script of the page finds the specification by the id of its place. Vega gives that place a role
 * and a name of its own; the role around it makes an image of all that, with the name that helps.
 */
function panel({ id, heading, label, spec }: Panel): Markup {
  return html`<div class="panel">${heading === undefined ? undefined : html`<h4>${heading}</h4>`}
<div role="img" aria-label="${label}"><div class="chart" id="${id}"></div></div>
<script type="application/json" id="${id}-spec">${jsonText(spec)}</script></div>
`;
}
