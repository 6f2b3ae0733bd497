import type { CommandFactory } from './commands.ts';
export const doctor: CommandFactory = (program, _io, finish) => {
  program.command('doctor').action(() => finish(0));
};
