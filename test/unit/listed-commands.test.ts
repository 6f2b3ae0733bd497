/** What is listed of commands that are not loaded: the same as they say of themselves, and nothing is loaded for it. */
import { Command } from 'commander';
import { expect, test } from 'vitest';
import { studies } from '../../cli/bench.ts';
import { listedCommands } from '../../cli/commands.ts';
import { addListed } from '../../cli/listed-command.ts';
import { fakeIo } from '../fake-io.ts';

const finish = (): void => undefined;

test.each([...listedCommands, ...studies])(
  '$usage is listed as it lists itself',
  async (listed) => {
    const program = new Command();
    const [name = ''] = listed.usage.split(' ');
    await addListed(program, listed, fakeIo({ args: [name] }).io, finish);
    const [command] = program.commands;
    if (command === undefined) throw new Error('it was not added');
    expect(program.createHelp().subcommandTerm(command)).toBe(listed.usage);

    const unloaded = new Command();
    await addListed(unloaded, listed, fakeIo({ args: ['--help'] }).io, finish);
    expect(unloaded.helpInformation()).toBe(program.helpInformation());
  },
);

test('a command that no word names is not loaded', async () => {
  const program = new Command();
  const asked: string[] = [];
  for (const name of ['one', 'two']) {
    await addListed(
      program,
      {
        usage: `${name} [options]`,
        summary: `what ${name} does`,
        load: async () => {
          asked.push(name);
          return (command) => void command.option('--json');
        },
      },
      fakeIo({ args: ['help', 'two', '--json'] }).io,
      finish,
    );
  }
  expect(asked).toEqual(['two']);
});
