/** What a run found beside its comparisons: the answer to its question, and the one chart that shows it. */
import type { RunResult } from '../../core/result.ts';
import type { ArmLook } from '../html/arm-look.ts';
import type { Markup } from '../html/markup.ts';
import type { View } from '../html/view.ts';

export interface Finding {
  /** Whether the run has what this is about. */
  applies(run: RunResult): boolean;
  /** One or two sentences, the first of which may stand alone; none where too little is known. */
  answer(run: RunResult): readonly string[];
  /** The chart and what belongs to it, at one point of the run. */
  figure(view: View): Markup | undefined;
  /** What is about all points of a sweep together, before any single one. */
  overview?(run: RunResult, looks: readonly ArmLook[]): Markup | undefined;
}
