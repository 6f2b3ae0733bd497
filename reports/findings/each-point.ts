/** What is said of each point of a run by itself. */
import type { Point, RunResult } from '../../core/result.ts';
import { pointText } from '../param-text.ts';

/** The sentences of every point in its order, behind its name where there are several points. */
export function ofEachPoint(
  run: RunResult,
  say: (point: Point) => readonly (string | undefined)[],
): string[] {
  const many = run.points.length > 1;
  return run.points.flatMap((point) => {
    const where = many ? `With ${pointText(run.scenario, point)}: ` : '';
    return say(point).flatMap((one) => (one === undefined ? [] : [`${where}${one}`]));
  });
}
