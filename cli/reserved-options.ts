/** Names of options that a scenario cannot have as parameters: the commands that run scenarios have them. */
import { flagOptions, runParams, textOptions } from './options.ts';

/** Of `bench` and `check` alone, beside those of every scenario. */
const ofCommands = [
  'aa',
  'assert',
  'base-ref',
  'base-target',
  'baseline',
  'export',
  'help',
  'junit',
  'markdown',
  'metric',
  'save',
  'strict',
  'target',
  'version',
];

export const reservedOptions: ReadonlySet<string> = new Set([
  ...[runParams, textOptions, flagOptions].flatMap((table) => Object.keys(table)),
  ...ofCommands,
]);
