/**
 * The places in the texts of a target file that are filled here: `{port}` and `{folder}` when it is started,
 * `{message}` for each message. `{client}` and `{id}` are left to the clients.
 */
import type { Target, TargetCommand } from '../../core/target.ts';

export interface Places {
  /** Of a server that is started here. */
  readonly port: number | undefined;
  readonly folder: string;
}

/** Fills `{port}` and `{folder}`. */
export function fill(text: string, { port, folder }: Places): string {
  const filled = text.replaceAll('{folder}', folder);
  return port === undefined ? filled : filled.replaceAll('{port}', String(port));
}

export function fillAll(
  texts: Readonly<Record<string, string>> | undefined,
  places: Places,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(texts ?? {}).map(([name, text]) => [name, fill(text, places)]),
  );
}

export function fillCommand(command: TargetCommand, places: Places): TargetCommand {
  return typeof command === 'string'
    ? fill(command, places)
    : command.map((argument) => fill(argument, places));
}

/** Program and arguments; a line is for the shell. */
export function argumentsOf(command: TargetCommand): readonly string[] {
  return typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
}

export const MESSAGE = '{message}';

export function holdsMessage(command: TargetCommand): boolean {
  return typeof command === 'string'
    ? command.includes(MESSAGE)
    : command.some((argument) => argument.includes(MESSAGE));
}

/** Puts messages into a text. Cut up once, since it is done for every message. */
export function messageTemplate(text: string): (message: string) => string {
  const [first = '', ...rest] = text.split(MESSAGE);
  const [second] = rest;
  if (second === undefined) return () => text;
  if (rest.length === 1) return (message) => first + message + second;
  return (message) => first + rest.map((part) => message + part).join('');
}

/** How the output of a command, and the title of a target, begin a sentence. */
export const titleOf = ({ title, name }: Pick<Target, 'title' | 'name'>): string => title ?? name;
