/** What a run found by itself, in one sentence: the first thing that its report says. */
import type { RunResult } from '../../core/result.ts';
import { answersOf } from '../findings/registry.ts';
import { armLooks } from '../html/arm-look.ts';
import { headlineOf } from '../html/headline.ts';

export function ownVerdict(run: RunResult): string {
  // Nothing is compared before the end.
  if (run.state === 'running') return 'No verdict yet.';
  const looks = armLooks(run);
  const nameOf = (arm: string): string => looks.find((look) => look.arm.name === arm)?.name ?? arm;
  const [answer] = answersOf(run);
  return answer ?? headlineOf(run, nameOf).title;
}
