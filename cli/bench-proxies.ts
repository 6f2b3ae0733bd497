/** `bench proxies`: what every installed proxy does to streams, as a table of routes and measures. */
import { exitCodes, fault } from '../core/errors.ts';
import type { Params } from '../core/params.ts';
import { fillParams } from '../core/params.ts';
import type { Measure } from '../loadgen/study/measure.ts';
import { fullMeasures, measures } from '../loadgen/study/registry.ts';
import { isProxyName, proxies } from '../proxies/registry.ts';
import { adviceOfProxies } from '../reports/study/advice.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { chosenOf } from './name-list.ts';
import { addParams, addTexts, givenValues, textOptions } from './options.ts';
import type { RoutesFound } from './route-options.ts';
import { DIRECT, readRoutes, splitRoutes } from './route-options.ts';
import type { StudyFlags, StudyRequest } from './study-run.ts';
import { addStudyFlags, TRANSPORTS, takeStudy } from './study-run.ts';
import { resumeStudy, studyParams } from './study-session.ts';

/** With fast timers everything ends after 3 s. */
const FAST_MAX = '6s';

const params = {
  ...studyParams,
  max: {
    type: 'durationMs',
    default: 75_000,
    min: 1_000,
    max: 3_600_000,
    help: `the longest silence that is tried, and how long anything is waited for; most timers are 60 s (with --fast-timers ${FAST_MAX})`,
  },
} as const satisfies Params;

const texts = {
  route: {
    placeholder: 'names',
    help: `direct, and proxies (default direct,${Object.keys(proxies).join(',')}: those that are installed)`,
  },
  'proxy-preset': {
    ...textOptions['proxy-preset'],
    help: 'how the proxies are configured (default stock,recommended)',
  },
  'proxy-set': textOptions['proxy-set'],
  'proxy-config': textOptions['proxy-config'],
  transport: { placeholder: 'sse,ws', help: 'over what (default sse,ws)' },
  measure: {
    placeholder: 'names',
    help: `what is measured (default ${namesOf(measures).join(',')}; with --full also ${namesOf(fullMeasures).join(',')})`,
  },
} as const;

interface Flags extends StudyFlags {
  readonly full?: true;
  readonly fastTimers?: true;
}

export const benchProxies: CommandFactory = (command, io, finish) => {
  addParams(command, params, {});
  addTexts(command, texts);
  command.option(
    '--fast-timers',
    'time-outs of proxies are seconds, so that their end can be waited for',
  );
  command.option('--full', `measure ${namesOf(fullMeasures).join(', ')}, too`);
  addStudyFlags(command).action(async (flags: Flags) => {
    const given = givenValues(command, [...Object.keys(params), ...Object.keys(texts)]);
    if (flags.fastTimers === true) given['fast-timers'] = '';
    if (flags.full === true) given['full'] = '';
    finish(await takeProxies(given, flags, io));
  });
};

async function takeProxies(
  given: Readonly<Record<string, string>>,
  flags: Flags,
  io: Io,
): Promise<number> {
  const resumed =
    flags.resume === undefined ? undefined : resumeStudy('proxies', flags.resume, flags.out, given);
  const request = readRequest(resumed?.study.given ?? given, io);
  await takeStudy(request, { ...flags, resumed }, io, adviceOfProxies);
  return exitCodes.passed;
}

/** @throws HarnessError */
function readRequest(given: Readonly<Record<string, string>>, io: Io): StudyRequest {
  const fastTimers = given['fast-timers'] !== undefined;
  const values = fillParams(params, {
    ...(fastTimers ? { max: FAST_MAX } : {}),
    ...pick(given, Object.keys(params)),
  });
  const { routes, skipped } = routesOf(given, fastTimers, io);
  const all = [...measures, ...fullMeasures];
  const isFull = given['full'] !== undefined;
  if (isFull && given['measure'] !== undefined) {
    throw fault('bad-value', {
      flag: '--full',
      problem: `--measure says what is measured already; name ${namesOf(fullMeasures).join(', ')} there`,
    });
  }
  const usual = isFull ? all : measures;
  const chosen = chosenOf('measure', given['measure'] ?? namesOf(usual).join(','), namesOf(all));
  const transports = chosenOf('transport', given['transport'], TRANSPORTS);
  const looks = all.filter(({ name }) => chosen.includes(name));
  return {
    study: 'proxies',
    given,
    routes,
    skipped: [...skipped],
    chosen: looks,
    transports: TRANSPORTS.filter((one) => transports.includes(one)),
    repeats: Number(values['repeats']),
    maxMs: Number(values['max']),
  };
}

function namesOf(some: readonly Measure[]): string[] {
  return some.map(({ name }) => name);
}

/** What there is, where nothing is named. */
function routesOf(
  given: Readonly<Record<string, string>>,
  fastTimers: boolean,
  { env }: Io,
): RoutesFound {
  const route = given['route'] ?? [DIRECT, ...Object.keys(proxies)].join(',');
  const found = readRoutes({
    texts: {
      route,
      // About nothing, where no proxy is named.
      ...(splitRoutes(route).some(isProxyName) ? { 'proxy-preset': 'stock,recommended' } : {}),
      ...pick(given, ['proxy-preset', 'proxy-set', 'proxy-config']),
    },
    tls: false,
    fastTimers,
    port: 0,
    path: env['PATH'],
    platform: process.platform,
  });
  const stray = found.routes.find(({ plan }) => plan !== undefined && plan.kind !== 'proxy');
  if (stray !== undefined) {
    throw fault('bad-value', {
      flag: '--route',
      problem: `${stray.name} is no proxy of which it is known how it is set up; a study takes direct and ${Object.keys(proxies).join(', ')}`,
    });
  }
  return found;
}

function pick(
  given: Readonly<Record<string, string>>,
  names: readonly string[],
): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name)));
}
