/** A table that scrolls inside its own container, so that the page never has to. */
import type { FigureText } from '../figure-text.ts';
import type { Content, Markup } from './markup.ts';
import { html } from './markup.ts';

export interface Column {
  readonly head: Content;
  /** Words read best from the left, figures from the right. */
  readonly kind: 'words' | 'figures';
}

export interface TableParts {
  /** Says what the table holds; also the name of the container that scrolls. */
  readonly label: string;
  readonly columns: readonly Column[];
  /** The first cell of a row is its heading. */
  readonly rows: readonly (readonly Content[])[];
  /** For lists of facts, which need no heads to be understood by those who see them. */
  readonly unseenHead?: boolean;
}

export const words = (head: Content): Column => ({ head, kind: 'words' });
export const figures = (head: Content): Column => ({ head, kind: 'figures' });

export function table({ label, columns, rows, unseenHead = false }: TableParts): Markup {
  return scrolling(
    label,
    html`<table><caption class="unseen">${label}</caption>
<thead${unseenHead ? html` class="unseen"` : undefined}><tr>${columns.map(({ head, kind }) => html`<th scope="col" class="${kind}">${head}</th>`)}</tr></thead>
<tbody>${rows.map((cells) => row(cells, columns))}</tbody></table>`,
  );
}

function row(cells: readonly Content[], columns: readonly Column[]): Markup {
  return html`<tr>${cells.map((cell, index) => {
    const kind = columns[index]?.kind ?? 'words';
    return index === 0
      ? html`<th scope="row" class="${kind}">${cell}</th>`
      : html`<td class="${kind}">${cell}</td>`;
  })}</tr>
`;
}

/** Focusable, or the part outside the window would be out of reach of a keyboard. */
export function scrolling(label: string, content: Markup): Markup {
  return html`<div class="scroll" role="region" tabindex="0" aria-label="${label}">${content}</div>`;
}

/** A figure, or what it lacks. */
export function figureCell({ text, note }: FigureText): Content {
  return note === undefined ? text : html`<small>${text} (${note})</small>`;
}
