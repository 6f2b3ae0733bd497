/** How each arm looks: one colour, one shape and one name, the same in every chart and table. */
import type { Arm, RunResult } from '../../core/result.ts';
import type { Markup } from './markup.ts';
import { html } from './markup.ts';

export interface ArmLook {
  readonly arm: Arm;
  /** Short enough for an axis, and different for every arm. */
  readonly name: string;
  /** A class of the style sheet, which sets the colour that `color` refers to. */
  readonly style: string;
  /** A custom property, so that charts follow the colour scheme without being drawn again. */
  readonly color: string;
  readonly shape: Shape;
}

export type Shape = 'circle' | 'triangle-up' | 'square' | 'diamond' | 'cross';

/** Of candidates; the seventh looks like the first, but for its name. */
const SHAPES = ['circle', 'triangle-up', 'diamond', 'cross', 'circle', 'triangle-up'] as const;

export function armLooks(run: RunResult): ArmLook[] {
  let candidates = 0;
  return run.arms.map((arm) => {
    const unique = run.arms.filter(({ title }) => title === arm.title).length === 1;
    const name = unique ? arm.title : `${arm.title} (${arm.name})`;
    if (arm.role === 'floor') {
      return { arm, name, style: 'floor', color: 'var(--floor)', shape: 'square' };
    }
    const index = candidates % SHAPES.length;
    candidates += 1;
    return {
      arm,
      name,
      style: `arm-${index + 1}`,
      color: `var(--arm-${index + 1})`,
      shape: SHAPES[index] ?? 'circle',
    };
  });
}

/** The outlines that Vega draws for these names, in a box of 10 × 10. */
const OUTLINES: Readonly<Record<Shape, string>> = {
  circle: 'M5 1a4 4 0 1 0 .01 0Z',
  'triangle-up': 'M5 1 9.4 9H.6Z',
  square: 'M1.5 1.5h7v7h-7Z',
  diamond: 'M5 .2 9 5 5 9.8 1 5Z',
  cross: 'M3.5.5h3v3h3v3h-3v3h-3v-3h-3v-3h3Z',
};

/** Colour, shape and name of an arm, and what it is when it is not a candidate. */
export function armTag({ name, arm, style, shape }: ArmLook): Markup {
  return html`<span class="tag ${style}">${swatch(shape)}${name}${
    arm.role === 'floor' ? html` <small>floor</small>` : undefined
  }</span>`;
}

export function swatch(shape: Shape, hollow = false): Markup {
  return html`<svg class="${hollow ? 'swatch hollow' : 'swatch'}" viewBox="0 0 10 10" aria-hidden="true"><path d="${OUTLINES[shape]}"/></svg>`;
}
