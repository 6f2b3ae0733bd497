/** The commands. To add one: a file beside this one, and a line in the table. */
import { Command, CommanderError } from 'commander';
import { exitCodes, fault, HarnessError } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Scenario } from '../core/scenario.ts';
import { bench } from './bench.ts';
import { check } from './check.ts';
import { compare } from './compare.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { exportCommand } from './export.ts';
import type { Io } from './io.ts';
import { list } from './list.ts';
import { flagsLostToNpm } from './npm-flags.ts';
import { probe } from './probe.ts';
import { report } from './report.ts';
import { scenariosIn } from './scenario-file.ts';
import { send } from './send.ts';
import { tail } from './tail.ts';
import { toolVersion } from './tool.ts';
import { tune } from './tune.ts';
import { view } from './view.ts';

/**
 * Adds itself to the program; its action resolves to an exit code.
 * @param own scenarios that the arguments name by the path of a file; left out: none
 */
export type CommandFactory = (
  program: Command,
  io: Io,
  finish: (code: number) => void,
  own?: readonly Scenario[],
) => void;

const factories: readonly CommandFactory[] = [
  bench,
  check,
  compare,
  view,
  report,
  exportCommand,
  list,
  tail,
  send,
  demo,
  doctor,
  probe,
  tune,
];

export async function runCommand(io: Io): Promise<number> {
  const program = new Command('pushbench')
    .description('Settles "SSE or WebSocket?" with evidence.')
    .version(toolVersion())
    .showSuggestionAfterError(false)
    .configureOutput({
      writeOut: io.out,
      // Errors are reported below, in our own words.
      writeErr: () => undefined,
    })
    .exitOverride();
  let code: number = exitCodes.passed;
  const finish = (result: number): void => {
    code = result;
  };
  try {
    const own = await scenariosIn(io.args, process.cwd());
    for (const add of factories) add(program, io, finish, own);
    applyToAll(program, (command) => {
      command.exitOverride().showSuggestionAfterError(false).copyInheritedSettings(program);
    });
    const lost = flagsLostToNpm(program, io);
    if (lost !== undefined) throw lost;
    await program.parseAsync([...io.args], { from: 'user' });
    return code;
  } catch (error) {
    return explain(error, program, io);
  }
}

function applyToAll(command: Command, apply: (command: Command) => void): void {
  for (const child of command.commands) {
    apply(child);
    applyToAll(child, apply);
  }
}

function explain(error: unknown, program: Command, io: Io): number {
  const known = error instanceof CommanderError ? translate(error, program, io) : error;
  if (known === undefined) return exitCodes.passed;
  if (known instanceof HarnessError) {
    io.err(`pushbench: ${known.message}\n  ${known.hint}\n`);
    return known.exitCode;
  }
  // A fault of ours: the stack is what helps to mend it.
  const text = known instanceof Error ? (known.stack ?? known.message) : String(known);
  io.err(
    `pushbench: a fault in pushbench itself; please report it with the text below.\n${text}\n`,
  );
  return exitCodes.toolFault;
}

/** @returns undefined for --help and --version, which are no errors */
function translate(error: CommanderError, program: Command, io: Io): HarnessError | undefined {
  if (error.exitCode === 0) return undefined;
  const command = commandOf(program, io.args);
  const name = nameOf(command);
  const quoted = /'([^']+)'/.exec(error.message)?.[1] ?? '';
  switch (error.code) {
    case 'commander.unknownOption':
      return unknownOption(quoted, command, name);
    case 'commander.missingMandatoryOptionValue': {
      const option = command.options.find(({ flags }) => flags === quoted);
      return fault('bad-usage', {
        problem: `Say ${quoted}. ${option?.description ?? ''}.`,
        command: name,
      });
    }
    case 'commander.excessArguments':
      return fault('bad-usage', {
        problem: problemOf(error),
        command: name,
        ...(io.env['npm_lifecycle_event'] === undefined ? {} : { hint: keptByNpm(name) }),
      });
    case 'commander.unknownCommand': {
      const known = shownCommands(command);
      const what = command === program ? 'command' : 'scenario';
      return fault('unknown-name', {
        what,
        name: quoted,
        nearest: nearestOf(quoted, known),
        known,
      });
    }
    case 'commander.help':
      return fault('bad-usage', {
        problem:
          command === program
            ? `Say what to do: ${shownCommands(program).join(', ')}.`
            : `Say which: ${shownCommands(command).join(', ')}.`,
        command: name,
      });
    default:
      return fault('bad-usage', { problem: problemOf(error), command: name });
  }
}

/** Of a few options npm says nothing: those that are, or begin, the name of one of its own. */
const keptByNpm = (name: string): string =>
  `If it is the value of an option, npm kept the option for itself: put -- before the options, as in npm run ${name} -- --help.`;

/** What commander says, as a sentence. */
function problemOf({ message }: CommanderError): string {
  const problem = message.replace(/^error: /, '').split('\n', 1)[0] ?? '';
  return `${problem.charAt(0).toUpperCase()}${problem.slice(1).replace(/\.$/, '')}.`;
}

/** Names of those that `--help` lists; the library adds one of its own to them. */
function shownCommands(command: Command): string[] {
  const shown = command.createHelp().visibleCommands(command);
  return command.commands.filter((one) => shown.includes(one)).map((one) => one.name());
}

/** @param text as it was written: `--json=yes`, `--cleints`; a value is no part of the name */
function unknownOption(text: string, command: Command, name: string): HarnessError {
  const [flag = ''] = text.split('=', 1);
  const known = command.options.flatMap(({ long }) => long ?? []);
  if (text !== flag && known.includes(flag)) {
    return fault('bad-usage', {
      problem: `${flag} takes no value: write it alone.`,
      command: name,
    });
  }
  return fault('unknown-flag', { flag, nearest: nearestOf(flag, known), command: name });
}

/** The innermost command that the arguments name. */
function commandOf(program: Command, args: readonly string[]): Command {
  let command = program;
  for (const arg of args) {
    if (arg.startsWith('-')) continue;
    const next = command.commands.find((one) => one.name() === arg);
    if (next === undefined) break;
    command = next;
  }
  return command;
}

function nameOf(command: Command): string {
  const names: string[] = [];
  for (let at: Command | null = command; at?.parent; at = at.parent) names.unshift(at.name());
  return names.join(' ');
}
