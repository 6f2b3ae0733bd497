/**
 * Commands that are loaded when they are asked for. Of the others only what `--help` lists is known: loading all
 * of them takes longer than most of them run.
 */
import type { Command } from 'commander';
import type { Io } from './io.ts';

/** Gives a command its arguments and options; its action resolves to an exit code. */
export type CommandFactory = (
  command: Command,
  io: Io,
  finish: (code: number) => void,
) => void | Promise<void>;

export interface ListedCommand {
  /** Its name, and what may follow it, as `--help` shows them; a test holds them against the command itself. */
  readonly usage: string;
  readonly summary: string;
  load(): Promise<CommandFactory>;
}

/** Adds a command to the program or to another: all of it where a word names it, in whatever place. */
export async function addListed(
  parent: Command,
  { usage, summary, load }: ListedCommand,
  io: Io,
  finish: (code: number) => void,
): Promise<void> {
  const [name = ''] = usage.split(' ');
  const isNamed = io.args.includes(name);
  const command = parent.command(isNamed ? name : usage).description(summary);
  if (!isNamed) return;
  const complete = await load();
  await complete(command, io, finish);
}
