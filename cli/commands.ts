/** The commands. To add one: a file beside this one, and an entry in the table. */
import { Command, CommanderError } from 'commander';
import { exitCodes, fault, HarnessError } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Io } from './io.ts';
import type { ListedCommand } from './listed-command.ts';
import { addListed } from './listed-command.ts';
import { flagsLostToNpm } from './npm-flags.ts';
import { toolVersion } from './tool.ts';

export const listedCommands: readonly ListedCommand[] = [
  {
    usage: 'bench',
    summary: 'run a scenario; ends with a verdict, a run file and a report',
    load: async () => (await import('./bench.ts')).bench,
  },
  {
    usage: 'check',
    summary: 'the gate for CI: head against a base, or against limits; ends with an exit code',
    load: async () => (await import('./check.ts')).check,
  },
  {
    usage: 'compare [options] <runs...>',
    summary: 'two or more runs: what changed, how sure that is, and a page with the charts',
    load: async () => (await import('./compare.ts')).compare,
  },
  {
    usage: 'view [options]',
    summary: 'all runs on a local page: search, open, compare, delete, watch one that runs',
    load: async () => (await import('./view.ts')).view,
  },
  {
    usage: 'report [options] <run>',
    summary: 'the report of a run made anew, also of one that was killed in the middle',
    load: async () => (await import('./report.ts')).report,
  },
  {
    usage: 'export [options] <run>',
    summary: 'a run for other programs: Prometheus, CSV, HdrHistogram logs, OpenTelemetry',
    load: async () => (await import('./export.ts')).exportCommand,
  },
  {
    usage: 'list [options] [scenario]',
    summary: 'scenarios, transports, routes and metrics, each with its question or meaning',
    load: async () => (await import('./list.ts')).list,
  },
  {
    usage: 'tail [options] <url>',
    summary: 'prints what a push server sends, and says what was lost on the way',
    load: async () => (await import('./tail.ts')).tail,
  },
  {
    usage: 'send [options] <url> [text...]',
    summary: 'publishes messages to a push server, or asks it or one of its clients',
    load: async () => (await import('./send.ts')).send,
  },
  {
    usage: 'demo [options]',
    summary: 'a push server with a page that shows SSE and WebSocket side by side',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    usage: 'doctor [options]',
    summary: 'what this machine can and cannot measure, with the fix for each',
    load: async () => (await import('./doctor.ts')).doctor,
  },
  {
    usage: 'probe [options] <url>',
    summary: 'looks at a live endpoint: head, hops, buffering, heartbeats, and what cuts it',
    load: async () => (await import('./probe.ts')).probe,
  },
  {
    usage: 'tune [options]',
    summary: 'varies the directives of a proxy and says which ones streams need',
    load: async () => (await import('./tune.ts')).tune,
  },
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
    for (const one of listedCommands) await addListed(program, one, io, finish);
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
