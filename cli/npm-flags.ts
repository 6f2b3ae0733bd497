/**
 * `npm run bench broadcast --clients 500` gives `--clients` to npm, which keeps it for itself: the run
 * would silently use the default. npm tells its scripts what it took in `npm_config_*`.
 */
import type { Command, Option } from 'commander';
import type { HarnessError } from '../core/errors.ts';
import { fault } from '../core/errors.ts';
import type { Io } from './io.ts';
import { shellWord } from './shell-word.ts';

export function flagsLostToNpm(program: Command, io: Io): HarnessError | undefined {
  // Outside `npm run` these variables are somebody's configuration of npm and none of our business.
  if (io.env['npm_lifecycle_event'] === undefined) return undefined;
  const { command, words, rest, given } = follow(program, io.args);
  const { most, fewest } = placesOf(command);
  const lost = command.options.filter(
    (option) =>
      variableOf(option, io) !== undefined ||
      // npm takes the beginning of one of its own names, such as --format, for that, and tells nobody.
      (option.mandatory && rest.length > most && !isGiven(option, given)),
  );
  if (lost.length === 0) return undefined;

  // npm leaves the value of `--clients 500` behind as a word of its own, without saying whose it was.
  const valueless = lost.filter((option) => takesValue(option) && isWithoutValue(option, io));
  // What belongs to the command itself is written first; of several values nobody knows the order.
  const own = Math.min(most, Math.max(fewest, rest.length - valueless.length));
  const [args, values] = [rest.slice(0, own), rest.slice(own)];
  const flags = lost.map((option) => {
    if (!takesValue(option)) return `${option.long}`;
    if (!isWithoutValue(option, io))
      return `${option.long} ${shellWord(variableOf(option, io) ?? '')}`;
    const only = valueless.length === 1 && values.length === 1 ? values[0] : undefined;
    return `${option.long} ${only === undefined ? `<${option.long?.slice(2)}>` : shellWord(only)}`;
  });
  return fault('flags-lost-to-npm', {
    flags: lost.map((option) => option.long ?? ''),
    command: ['npm run', ...words, '--', ...[...args, ...given].map(shellWord), ...flags].join(' '),
  });
}

/**
 * Follows words to the innermost command. What is left over are its arguments, and values without their flags;
 * from the first flag on, all of it was given behind `--`.
 */
function follow(program: Command, args: readonly string[]) {
  let command = program;
  const words: string[] = [];
  const rest: string[] = [];
  const first = args.findIndex((arg) => arg.startsWith('-'));
  const given = first < 0 ? [] : args.slice(first);
  for (const arg of first < 0 ? args : args.slice(0, first)) {
    const next = command.commands.find((one) => one.name() === arg);
    if (next === undefined) rest.push(arg);
    else {
      command = next;
      words.push(arg);
    }
  }
  return { command, words, rest, given };
}

/** How many arguments a command takes. */
function placesOf({ registeredArguments }: Command): { most: number; fewest: number } {
  const isVariadic = registeredArguments.some(({ variadic }) => variadic);
  return {
    most: isVariadic ? Number.POSITIVE_INFINITY : registeredArguments.length,
    fewest: registeredArguments.filter(({ required }) => required).length,
  };
}

function isGiven({ long, short }: Option, given: readonly string[]): boolean {
  return given.some((arg) => arg.split('=', 1)[0] === long || arg === short);
}

/** npm says `true` of a flag whose value it took for a word, and nothing of one it took for its own. */
function isWithoutValue(option: Option, io: Io): boolean {
  return (variableOf(option, io) ?? 'true') === 'true';
}

function variableOf(option: Option, io: Io): string | undefined {
  return io.env[`npm_config_${(option.long ?? '').slice(2).replaceAll('-', '_')}`];
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}
