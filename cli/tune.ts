/** `tune`: varies the directives of one proxy, or finds the one that is wrong in a configuration. */
import { readFileSync } from 'node:fs';
import { exitCodes, fault, reasonOf } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Params } from '../core/params.ts';
import { fillParams } from '../core/params.ts';
import type { StreamKind } from '../core/records/probe.ts';
import type { Measure } from '../loadgen/study/measure.ts';
import { knobsOf } from '../loadgen/tune/knobs/registry.ts';
import { blameMeasures, tuneMeasures } from '../loadgen/tune/run-tune.ts';
import { findBinary, installCommand, versionOf } from '../proxies/binary.ts';
import type { ProxyProgram } from '../proxies/proxy.ts';
import type { ProxyName } from '../proxies/registry.ts';
import { isProxyName, proxies } from '../proxies/registry.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { chosenOf } from './name-list.ts';
import { addParams, addTexts, givenValues } from './options.ts';
import { defaultRuns } from './runs-folder.ts';
import { shellWord } from './shell-word.ts';
import { TRANSPORTS } from './study-run.ts';
import { studyParams } from './study-session.ts';
import { blameConfig } from './tune-blame.ts';
import { tuneProxy } from './tune-session.ts';

const params = {
  repeats: {
    ...studyParams.repeats,
    help: 'how often every setting is measured; intervals need two',
  },
  max: {
    type: 'durationMs',
    default: 3_000,
    min: 1_000,
    max: 600_000,
    help: 'how long is waited for a cut; time-outs of stock are replaced by shorter ones, those of --proxy-config are not',
  },
} as const satisfies Params;

const namesOf = (measures: readonly Measure[]): string =>
  measures.map(({ name }) => name).join(',');

const texts = {
  route: { placeholder: 'name', help: `the proxy: ${Object.keys(proxies).join(', ')}` },
  transport: { placeholder: 'sse,ws', help: 'over what (default sse,ws)' },
  measure: {
    placeholder: 'names',
    help: `what is measured (default ${namesOf(tuneMeasures)}; of --proxy-config ${namesOf(blameMeasures)})`,
  },
  only: { placeholder: 'names', help: 'which settings are tried (default all that are known)' },
  'proxy-config': {
    placeholder: 'file',
    help: 'a configuration with {listen} and {upstream} in it: which of its directives is in the way?',
  },
} as const;

interface Flags {
  readonly out?: string;
  readonly json?: true;
}

/** What was asked for, as far as both ways of tuning need it. */
export interface TuneAsked {
  readonly name: ProxyName;
  readonly proxy: ProxyProgram;
  readonly binary: string;
  readonly version: string;
  readonly repeats: number;
  readonly maxMs: number;
  readonly transports: readonly StreamKind[];
  readonly measures: readonly Measure[];
  readonly only: readonly string[] | undefined;
  readonly out: string | undefined;
  readonly json: boolean;
  readonly command: string;
}

export const tune: CommandFactory = (command, io, finish) => {
  addParams(command, params, {});
  addTexts(command, texts);
  command
    .option('--out <dir>', `folder for what is found (default ${defaultRuns()})`)
    .option('--json', 'print one JSON object and nothing else')
    .action(async (flags: Flags) => {
      const given = givenValues(command, [...Object.keys(params), ...Object.keys(texts)]);
      const file = given['proxy-config'];
      const config = file === undefined ? undefined : readConfig(file);
      const asked = await readAsked(given, flags, io);
      if (file === undefined || config === undefined) {
        await tuneProxy(asked, io);
        finish(exitCodes.passed);
      } else {
        const { harms } = await blameConfig(asked, file, config, io);
        finish(harms.length === 0 ? exitCodes.passed : exitCodes.failed);
      }
    });
};

async function readAsked(
  given: Readonly<Record<string, string>>,
  { out, json }: Flags,
  io: Io,
): Promise<TuneAsked> {
  const filled = fillParams(params, given);
  const name = proxyIn(given['route']);
  const proxy: ProxyProgram = proxies[name];
  const transports = chosenOf('transport', given['transport'], TRANSPORTS);
  const measures = given['proxy-config'] === undefined ? tuneMeasures : blameMeasures;
  const names = chosenOf(
    'measure',
    given['measure'],
    measures.map((one) => one.name),
  );
  const knobs: readonly string[] = knobsOf[name].knobs.map((one) => one.name);
  const only = given['only'] === undefined ? undefined : chosenOf('setting', given['only'], knobs);
  if (only !== undefined && given['proxy-config'] !== undefined) {
    throw bad('--only', 'of a configuration all directives that are known are tried');
  }
  if (!names.includes('head')) {
    throw bad('--measure', 'without head it would not be known whether a stream comes about');
  }
  const binary = findBinary(proxy, io.env['PATH']);
  if (binary === undefined) {
    throw fault('proxy-missing', {
      names: [proxy.title],
      install: [installCommand(proxy, process.platform)],
    });
  }
  const options = Object.entries(given).map(([option, value]) => `--${option} ${shellWord(value)}`);
  return {
    name,
    proxy,
    binary,
    version: await versionOf(proxy, binary),
    repeats: Number(filled['repeats']),
    maxMs: Number(filled['max']),
    transports: TRANSPORTS.filter((one) => transports.includes(one)),
    measures: measures.filter((one) => names.includes(one.name)),
    only,
    out,
    json: json === true,
    command: `npm run tune -- ${options.join(' ')}`,
  };
}

function proxyIn(text: string | undefined): ProxyName {
  const known = Object.keys(proxies);
  if (text === undefined) throw bad('--route', `it has to be said which: ${known.join(', ')}`);
  const name = text.trim();
  if (isProxyName(name)) return name;
  if (name.includes(',')) throw bad('--route', 'one proxy is tuned at a time');
  throw fault('unknown-name', { what: 'proxy', name, nearest: nearestOf(name, known), known });
}

/** @throws HarnessError `bad-value` */
function readConfig(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw bad('--proxy-config', `${path} cannot be read: ${reasonOf(error)}`);
  }
  const missing = ['{listen}', '{upstream}'].find((one) => !text.includes(one));
  if (missing === undefined) return text;
  throw bad(
    '--proxy-config',
    `${path} has no ${missing}, so it would not be in between; {listen} stands for address and port for clients, {upstream} for those of the server, {folder} for a temporary folder (docs/routes.md)`,
  );
}

function bad(flag: string, problem: string) {
  return fault('bad-value', { flag, problem });
}
