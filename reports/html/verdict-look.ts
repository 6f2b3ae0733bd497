/** How each verdict looks: a word, a shape and a colour, so that none of them has to be told apart by colour. */
import type { RunComparison } from '../../core/result.ts';
import type { Shape } from './arm-look.ts';
import { swatch } from './arm-look.ts';
import type { Markup } from './markup.ts';
import { html } from './markup.ts';

type Verdict = RunComparison['verdict'];

interface VerdictLook {
  readonly word: string;
  readonly shape: Shape;
  readonly hollow: boolean;
  readonly color: string;
  readonly explain: string;
}

export const verdictLooks = {
  better: {
    word: 'better',
    shape: 'circle',
    hollow: false,
    color: 'var(--better)',
    explain: 'the whole 95 % interval is beyond the margin, on the good side',
  },
  worse: {
    word: 'worse',
    shape: 'square',
    hollow: false,
    color: 'var(--worse)',
    explain: 'the whole 95 % interval is beyond the margin, on the bad side',
  },
  'small-but-real': {
    word: 'small but real',
    shape: 'diamond',
    hollow: false,
    color: 'var(--real)',
    explain: 'there is a difference; that it exceeds the margin is not sure',
  },
  same: {
    word: 'same',
    shape: 'circle',
    hollow: true,
    color: 'var(--same)',
    explain: 'the 90 % interval lies inside the margin: no difference that matters',
  },
  unclear: {
    word: 'unclear',
    shape: 'diamond',
    hollow: true,
    color: 'var(--unclear)',
    explain: 'these rounds cannot tell',
  },
  'not-comparable': {
    word: 'not comparable',
    shape: 'cross',
    hollow: true,
    color: 'var(--unclear)',
    explain: 'too few valid rounds',
  },
} satisfies Record<Verdict, VerdictLook>;

export function verdictTag(verdict: Verdict): Markup {
  const { word, shape, hollow } = verdictLooks[verdict];
  return html`<span class="tag verdict-${verdict}">${swatch(shape, hollow)}${word}</span>`;
}

/** The verdicts that occur, each with what it means. */
export function verdictLegend(comparisons: readonly RunComparison[]): Markup {
  const present = new Set(comparisons.map(({ verdict }) => verdict));
  return html`<ul class="legend">${Object.entries(verdictLooks)
    .filter(([verdict]) => present.has(verdict as Verdict))
    .map(
      ([verdict, { explain }]) =>
        html`<li>${verdictTag(verdict as Verdict)} <small>${explain}</small></li>`,
    )}</ul>`;
}
