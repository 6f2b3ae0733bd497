/** What is generally said of a setting, held against what was measured. */
import type { Effect, Tune, TuneSetting } from '../../core/records/tune.ts';

/** @returns 'Said of it: …. Measured: …'; undefined where nothing is said, or nothing was measured */
export function folkloreText(
  { effects }: Pick<Tune, 'effects'>,
  { name, folklore }: TuneSetting,
): string | undefined {
  if (folklore === undefined) return undefined;
  const about = effects.filter(
    ({ setting, figure }) => setting === name && folklore.figures.includes(figure),
  );
  if (about.length === 0) return undefined;
  return `Said of it: ${folklore.says} Measured: ${measuredText(about)}`;
}

function measuredText(about: readonly Effect[]): string {
  const moved = about.filter(({ verdict }) => verdict === 'better' || verdict === 'worse');
  if (moved.length > 0) return `${moved.map(({ says }) => says).join('; ')}.`;
  const unclear = about.some(({ verdict }) => verdict === 'unclear');
  return unclear ? 'the repeats do not agree about it.' : 'nothing of that changes.';
}
