/** Whether the recommended preset is what measuring would have it, a sentence for each difference. */
import type { Tune } from '../../core/records/tune.ts';

/** Of directives that no measure here sees, what they are for stands in docs/routes.md. */
export function agreementOf(tune: Tune): string[] {
  const { recommended, stock, chosen, settings, outcomes, effects } = tune;
  const names = new Set([...Object.keys(recommended), ...Object.keys(chosen)]);
  const says = [...names].flatMap((name) => {
    const [ours, found] = [recommended[name] ?? '', chosen[name]];
    if (ours === (stock[name] ?? '') && found === undefined) return [];
    if (found !== undefined && ours === found) return [`${name} ${ours}: measured as a help.`];
    if (found !== undefined) {
      return [
        `${name}: measured as a help with '${found}', and the preset has ${ours === '' ? 'nothing' : `'${ours}'`}.`,
      ];
    }
    const tried = settings.find(({ kind, set }) => kind === 'change' && set[name] === ours);
    const outcome = outcomes.find(({ setting }) => setting === tried?.name)?.outcome;
    if (outcome === undefined) return [`${name} ${ours}: not tried by itself.`];
    if (outcome === 'costs') return [`${name} ${ours}: measured as a cost, with nothing for it.`];
    if (outcome === 'nothing') return [`${name} ${ours}: no measure here moved.`];
    if (outcome === 'harms') return [`${name} ${ours}: measured as a harm.`];
    return [`${name} ${ours}: helps, and others that come out mend the same.`];
  });
  const worse = effects.filter(
    ({ setting, verdict }) => setting === 'recommended' && verdict === 'worse',
  );
  return [
    ...says,
    worse.length === 0
      ? 'As a whole it is in nothing worse than stock.'
      : `As a whole it costs, against stock: ${worse.map((one) => one.says).join('; ')}.`,
  ];
}
