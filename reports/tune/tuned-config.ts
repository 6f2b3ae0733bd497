/** The configuration that comes out, with a comment above every line that was decided by measuring. */
import type { Tune, TuneSetting } from '../../core/records/tune.ts';

const WIDTH = 92;

/** Placeholders stay, so that it can be handed to `--proxy-config`; all four proxies comment with '#'. */
export function tunedConfig(tune: Tune): string {
  const left = new Map(Object.entries(tune.lines));
  const lines = tune.config.split('\n').flatMap((line) => {
    const comments = [...left].flatMap(([directive, written]) => {
      if (!line.includes(written)) return [];
      left.delete(directive);
      return commentsOn(tune, directive);
    });
    const indent = /^\s*/.exec(line)?.[0] ?? '';
    return [...comments.flatMap(wrapped).map((text) => `${indent}# ${text}`), line];
  });
  const out = [...left.keys()].map(
    (directive) => `${directive} was taken out: ${commentsOn(tune, directive).join(' ')}`,
  );
  return `${[
    `${tune.title} ${tune.version} for SSE and WebSocket, as '${tune.command}' found it on ${tune.startedAt.slice(0, 10)}.`,
    `${tune.repeats} repeats; ${tune.maxMs / 1_000} s were waited for a cut.`,
    'For --proxy-config as it is. Elsewhere write your own for {listen}, {upstream}, {folder} and what else is in braces.',
    ...out,
  ]
    .flatMap(wrapped)
    .map((text) => `# ${text}`)
    .join('\n')}\n${lines.join('\n')}`;
}

function commentsOn(tune: Tune, directive: string): string[] {
  const setting = settingOf(tune, directive);
  if (setting === undefined) return [];
  const [first, ...others] = Object.keys(setting.set);
  if (first !== directive && first !== undefined) return [`${directive}: together with ${first}.`];
  const says = tune.outcomes.find(({ setting: name }) => name === setting.name)?.says ?? '';
  const stock = tune.stock[directive];
  return [
    `${[directive, ...others].join(' and ')} (${stock === undefined ? `not in stock; default ${tune.defaults[directive]}` : `stock ${stock}`}): ${measured(tune, says)}`,
    ...(setting.cost === undefined ? [] : [`It costs: ${setting.cost}.`]),
  ];
}

/** What was chosen: of settings that hold each other the larger one. */
function settingOf({ settings, chosen }: Tune, directive: string): TuneSetting | undefined {
  return settings
    .filter(
      ({ kind, set, isCandidate }) =>
        kind === 'change' &&
        isCandidate &&
        set[directive] !== undefined &&
        Object.entries(set).every(([name, value]) => chosen[name] === value),
    )
    .sort((a, b) => Object.keys(b.set).length - Object.keys(a.set).length)[0];
}

/** Lines of a bearable width. */
function wrapped(text: string): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + word.length >= WIDTH) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** With what the stand-ins stand for. */
export function measured({ standIns }: Pick<Tune, 'standIns'>, says: string): string {
  const used = standIns.map(
    ({ directive, holds, measured: short }) => `${directive} ${holds} measured as ${short}`,
  );
  return /cut when/.test(says) && used.length > 0 ? `${says} (${used.join(', ')})` : says;
}
