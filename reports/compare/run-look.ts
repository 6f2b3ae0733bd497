/** How each run looks in a comparison: its letter, and the colour and shape that arms have in a report. */
import type { Arm, RunResult } from '../../core/result.ts';
import type { ArmLook, Shape } from '../html/arm-look.ts';
import { swatch } from '../html/arm-look.ts';
import type { Markup } from '../html/markup.ts';
import { html } from '../html/markup.ts';
import { letterOf } from './runs-comparison.ts';

const SHAPES: readonly Shape[] = ['circle', 'triangle-up', 'diamond', 'cross', 'square', 'circle'];

export interface RunLook {
  readonly run: RunResult;
  readonly letter: string;
  readonly style: string;
  readonly color: string;
  readonly shape: Shape;
}

export function runLooks(runs: readonly RunResult[]): RunLook[] {
  return runs.map((run, index) => ({
    run,
    letter: letterOf(index),
    style: `arm-${index + 1}`,
    color: `var(--arm-${index + 1})`,
    shape: SHAPES[index] ?? 'circle',
  }));
}

/** The charts of reports draw arms; here a run takes the place of one. */
export function asArmLook({ letter, style, color, shape }: RunLook, arm: Arm): ArmLook {
  return { arm: { ...arm, role: 'candidate' }, name: letter, style, color, shape };
}

export function runTag({ letter, style, shape }: RunLook): Markup {
  return html`<span class="tag ${style}">${swatch(shape)}${letter}</span>`;
}

export function runLegend(
  looks: readonly RunLook[],
  lines: readonly (readonly [style: string, says: string])[] = [],
): Markup {
  return html`<ul class="legend">${looks.map(
    (look) => html`<li>${runTag(look)} <small>${look.run.id}</small></li>`,
  )}${lines.map(
    ([style, says]) => html`<li><span class="key ${style}"></span><small>${says}</small></li>`,
  )}</ul>`;
}
