/** docs/tuning.md, made of the files of `tune` that are kept in docs/tuning: no figure in it is typed. */
import type { Tune, TuneSetting } from '../../core/records/tune.ts';
import { agreementOf } from './agreement.ts';
import { folkloreText } from './folklore.ts';
import { setText } from './tune-text.ts';
import { tunedConfig } from './tuned-config.ts';

const OUTCOMES = {
  helps: 'helps',
  harms: '**does harm**',
  trade: 'helps, and costs',
  costs: 'only costs',
  nothing: 'nothing',
} as const;

/** @param intro what stands above the proxies, by hand */
export function tuningDoc(intro: string, tunes: readonly Tune[]): string {
  return `${[intro.trimEnd(), ...tunes.map(section)].join('\n\n')}\n`;
}

function section(tune: Tune): string {
  const { title, version, environment, startedAt, repeats, maxMs, standIns, skipped } = tune;
  const changes = tune.settings.filter(({ kind }) => kind === 'change');
  const said = tune.settings.flatMap((one) => {
    const text = folkloreText(tune, one);
    return text === undefined ? [] : [`- \`${one.name}\`. ${text}`];
  });
  const config = tunedConfig(tune).trimEnd();
  return [
    `## ${title} ${version}`,
    `Measured on ${startedAt.slice(0, 10)} with pushbench ${tune.tool.version} on ${environment.os}, ${environment.cores} cores, Node ${environment.node}: ${repeats} repeats, cuts waited for ${maxMs / 1_000} s. ${stoodIn(standIns)}`,
    `\`\`\`\n${tune.command}\n\`\`\``,
    [
      '| tried | default | what moved against stock | outcome |',
      '| --- | --- | --- | --- |',
      ...changes.map((setting) => row(tune, setting)),
    ].join('\n'),
    ...(skipped.length === 0
      ? []
      : [skipped.map(({ what, says }) => `Not tried: ${what}: ${says}.`).join('\n')]),
    ...(said.length === 0 ? [] : [`### What is said, and what was measured`, said.join('\n')]),
    '### The recommended preset',
    agreementOf(tune)
      .map((says) => `- ${says}`)
      .join('\n'),
    '### What comes out',
    Object.keys(tune.chosen).length === 0
      ? 'Nothing that was tried is better than stock in what decides.'
      : `\`\`\`\n${config}\n\`\`\``,
  ].join('\n\n');
}

const stoodIn = (standIns: Tune['standIns']): string =>
  standIns.length === 0
    ? 'No time-out holds in stock.'
    : `Time-outs of stock were measured shorter than they are: ${standIns
        .map(
          ({ directive, holds, measured }) => `\`${directive}\` ${measured} in place of ${holds}`,
        )
        .join(', ')}.`;

function row(tune: Tune, { name, set, cost }: TuneSetting): string {
  const outcome = tune.outcomes.find(({ setting }) => setting === name);
  const defaults = Object.keys(set).map((one) => tune.defaults[one] ?? '');
  const moved = tune.effects.filter(
    ({ setting, verdict }) => setting === name && (verdict === 'better' || verdict === 'worse'),
  );
  const texts = [
    ...moved.map(({ says, verdict }) => `${verdict === 'worse' ? 'worse: ' : ''}${says}`),
    ...(cost === undefined ? [] : [`costs: ${cost}`]),
  ];
  const cells = [
    `\`${setText(set)}\``,
    defaults.join('; '),
    texts.length === 0 ? 'nothing' : texts.join('<br>'),
    outcome === undefined ? 'not measured' : OUTCOMES[outcome.outcome],
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
