/** What tuning found, for a terminal: each setting with what it changed, what comes out, and what it costs. */
import type { Outcome, Tune } from '../../core/records/tune.ts';
import { agreementOf } from './agreement.ts';
import { folkloreText } from './folklore.ts';

const WORDS: Readonly<Record<Outcome, string>> = {
  helps: 'helps',
  harms: 'does harm',
  trade: 'helps, and costs',
  costs: 'only costs',
  nothing: 'changes nothing',
};

export interface TuneTextOptions {
  readonly file: string;
  readonly config: string;
}

export function renderTuneText(tune: Tune, { file, config }: TuneTextOptions): string {
  const { title, version, settings, effects, outcomes, standIns, repeats, maxMs, skipped } = tune;
  const parts = settings
    .filter(({ kind }) => kind !== 'stock')
    .flatMap((setting) => {
      const outcome = outcomes.find((one) => one.setting === setting.name);
      if (outcome === undefined) return [];
      const own = effects.filter((one) => one.setting === setting.name);
      const folklore = folkloreText(tune, setting);
      const moved = own.filter(({ verdict }) => verdict !== 'same');
      return [
        '',
        `${setting.name}: ${WORDS[outcome.outcome]}`,
        ...(setting.kind === 'recommended' || Object.keys(setting.set).length === 0
          ? []
          : [`  ${setText(setting.set)}`]),
        ...moved.map(({ says, verdict }) => `  ${verdict === 'worse' ? '! ' : ''}${says}`),
        ...(moved.length === 0 ? ['  nothing that is measured moved'] : []),
        ...(setting.cost === undefined ? [] : [`  costs: ${setting.cost}`]),
        ...(folklore === undefined ? [] : [`  ${folklore}`]),
      ];
    });
  const count = effects.length;
  return `${[
    `${title} ${version}: ${settings.length} settings, ${repeats} repeats, cuts waited for ${maxMs / 1_000} s`,
    ...standIns.map(
      ({ directive, holds, measured }) =>
        `  ${directive} is ${holds} in stock; ${measured} was measured in its place`,
    ),
    ...skipped.map(({ what, says }) => `  skipped: ${what}: ${says}`),
    ...parts,
    '',
    'What comes out, against stock:',
    ...(Object.keys(tune.chosen).length === 0
      ? ['  nothing: stock is as good as anything that was tried']
      : Object.entries(tune.chosen).map(([name, value]) => `  ${setText({ [name]: value })}`)),
    '',
    'The recommended preset:',
    ...agreementOf(tune).map((one) => `  ${one}`),
    '',
    `Differences are of paired repeats, with intervals of 95 % (99 % for CPU time and heads); of ${count} figures a few differ by chance.`,
    `file          ${file}`,
    `configuration ${config}`,
  ].join('\n')}\n`;
}

export const setText = (set: Readonly<Record<string, string>>): string =>
  Object.entries(set)
    .map(([name, value]) => (value === '' ? `without ${name}` : `${name} ${value}`))
    .join(', ');
