/** All that is said of the settings of a file, from its samples alone. */
import type { Tune } from '../../core/records/tune.ts';
import { effectsOf, outcomeOf, outcomeSays } from './effects.ts';

export function conclude(tune: Tune): Pick<Tune, 'effects' | 'outcomes'> {
  const changes = tune.settings.filter(({ kind }) => kind !== 'stock');
  const all = changes.map(({ name }) => ({ setting: name, effects: effectsOf(tune, name) }));
  return {
    effects: all.flatMap(({ effects }) => effects),
    outcomes: all
      .filter(({ effects }) => effects.length > 0)
      .map(({ setting, effects }) => ({
        setting,
        outcome: outcomeOf(effects),
        says: outcomeSays(effects),
      })),
  };
}
