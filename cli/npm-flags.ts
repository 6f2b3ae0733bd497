/**
 * `npm run bench broadcast --clients 500` gives `--clients` to npm, which keeps it for itself: the run
 * would silently use the default. npm tells its scripts what it took in `npm_config_*`.
 */
import type { Command, Option } from 'commander';
import type { HarnessError } from '../core/errors.ts';
import { fault } from '../core/errors.ts';
import type { Io } from './io.ts';

export function flagsLostToNpm(program: Command, io: Io): HarnessError | undefined {
  // Outside `npm run` these variables are somebody's configuration of npm and none of our business.
  if (io.env['npm_lifecycle_event'] === undefined) return undefined;
  const { command, words, rest } = follow(program, io.args);
  const lost = command.options.filter((option) => variableOf(option, io) !== undefined);
  if (lost.length === 0) return undefined;

  // npm leaves the value of `--clients 500` behind as a word of its own, without saying whose it was.
  const valueless = lost.filter(
    (option) => takesValue(option) && variableOf(option, io) === 'true',
  );
  const flags = lost.map((option) => {
    const value = variableOf(option, io) ?? '';
    if (!takesValue(option)) return `${option.long}`;
    if (value !== 'true') return `${option.long} ${value}`;
    const only = valueless.length === 1 && rest.length === 1 ? rest[0] : undefined;
    return `${option.long} ${only ?? `<${option.long?.slice(2)}>`}`;
  });
  const [name = '', ...others] = words;
  return fault('flags-lost-to-npm', {
    flags: lost.map((option) => option.long ?? ''),
    command: ['npm run', name, ...others, '--', ...flags].join(' '),
  });
}

/** Follows words to the innermost command; what is left over are values without their flags. */
function follow(program: Command, args: readonly string[]) {
  let command = program;
  const words: string[] = [];
  const rest: string[] = [];
  for (const arg of args) {
    const next = command.commands.find((one) => one.name() === arg);
    if (next === undefined) rest.push(arg);
    else {
      command = next;
      words.push(arg);
    }
  }
  return { command, words, rest };
}

function variableOf(option: Option, io: Io): string | undefined {
  return io.env[`npm_config_${(option.long ?? '').slice(2).replaceAll('-', '_')}`];
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}
