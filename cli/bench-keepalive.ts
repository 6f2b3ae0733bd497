/** `bench keepalive`: which heartbeat keeps connections through a proxy open, what it costs, and what to set. */
import { exitCodes, fault } from '../core/errors.ts';
import type { Params } from '../core/params.ts';
import { fillParams } from '../core/params.ts';
import { formatDurationMs, parseDurationMs } from '../core/units.ts';
import { beatEvery } from '../loadgen/study/measures/beat.ts';
import { beatCost } from '../loadgen/study/measures/beat-cost.ts';
import { findBinary } from '../proxies/binary.ts';
import type { ProxyName } from '../proxies/registry.ts';
import { proxies } from '../proxies/registry.ts';
import { adviceOfBeats } from '../reports/study/keepalive-advice.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { chosenOf } from './name-list.ts';
import { addParams, addTexts, givenValues, SETTING_BREAK } from './options.ts';
import type { RouteChoice, RoutesFound } from './route-options.ts';
import { readRoutes } from './route-options.ts';
import type { StudyFlags } from './study-run.ts';
import { addStudyFlags, TRANSPORTS, takeStudy } from './study-run.ts';
import { resumeStudy, studyParams } from './study-session.ts';

/** So many of the longest time-out are waited for: what survives that has survived several. */
const TIMES = 4;
/** Of the idle time-outs that a proxy has, those that end a silent stream; each takes whole seconds. */
const TIMERS: Readonly<Record<ProxyName, (seconds: number) => readonly string[]>> = {
  nginx: (s) => [`proxy_read_timeout=${s}s`, `proxy_send_timeout=${s}s`],
  haproxy: (s) => [`timeout client=${s}s`, `timeout server=${s}s`, `timeout tunnel=${s}s`],
  caddy: (s) => [`read_timeout=${s}s`],
  apache: (s) => [`Timeout=${s}`, `ProxyPass timeout=${s}`],
};

const params = {
  ...studyParams,
  'idle-timeout': {
    type: 'durationMs',
    default: 60_000,
    min: 1_000,
    max: 86_400_000,
    help: 'the shortest idle time-out on the path that the answer is for; 60s is what most proxies have',
  },
} as const satisfies Params;

const texts = {
  route: { placeholder: 'names', help: 'proxies (default: the first that is installed)' },
  timeouts: {
    placeholder: 'times',
    help: 'idle time-outs that the proxy is given, whole seconds (default 2s,5s)',
    default: '2s,5s',
  },
  intervals: {
    placeholder: 'times',
    help: 'heartbeats that are tried (default 500ms,1s,2s,2500ms,5s)',
    default: '500ms,1s,2s,2500ms,5s',
  },
  transport: { placeholder: 'sse,ws', help: 'over what (default sse,ws)' },
} as const;

interface TimedChoice extends RouteChoice {
  readonly timeoutMs: number;
}

export const benchKeepalive: CommandFactory = (command, io, finish) => {
  addParams(command, params, {});
  addTexts(command, texts);
  addStudyFlags(command).action(async (flags: StudyFlags) => {
    const given = givenValues(command, [...Object.keys(params), ...Object.keys(texts)]);
    finish(await takeBeats(given, flags, io));
  });
};

async function takeBeats(
  own: Readonly<Record<string, string>>,
  flags: StudyFlags,
  io: Io,
): Promise<number> {
  const resumed =
    flags.resume === undefined ? undefined : resumeStudy('keepalive', flags.resume, flags.out, own);
  const given = resumed?.study.given ?? own;
  const values = fillParams(
    params,
    Object.fromEntries(Object.entries(given).filter(([name]) => name in params)),
  );
  const timeouts = timesIn('timeouts', given['timeouts'] ?? texts.timeouts.default);
  const odd = timeouts.find((ms) => ms % 1_000 !== 0);
  if (odd !== undefined) {
    throw fault('bad-value', {
      flag: '--timeouts',
      problem: `${formatDurationMs(odd)} is not whole seconds, which is all that every proxy takes`,
    });
  }
  const beats = timesIn('intervals', given['intervals'] ?? texts.intervals.default).map(
    (everyMs) => ({ everyMs, measure: beatEvery(everyMs) }),
  );
  const { routes, skipped } = timedRoutes(given['route'], timeouts, io);
  const transports = chosenOf('transport', given['transport'], TRANSPORTS);
  await takeStudy(
    {
      study: 'keepalive',
      given,
      routes,
      skipped: [...skipped],
      chosen: [...beats.map(({ measure }) => measure), beatCost],
      transports: TRANSPORTS.filter((one) => transports.includes(one)),
      repeats: Number(values['repeats']),
      maxMs: TIMES * Math.max(...timeouts),
    },
    { ...flags, resumed },
    io,
    (study) =>
      adviceOfBeats(
        study,
        routes,
        beats.map(({ everyMs, measure }) => ({ name: measure.name, everyMs })),
        Number(values['idle-timeout']),
      ),
  );
  return exitCodes.passed;
}

/** @throws HarnessError */
function timedRoutes(
  text: string | undefined,
  timeouts: readonly number[],
  { env }: Io,
): Omit<RoutesFound, 'routes'> & { readonly routes: readonly TimedChoice[] } {
  const names = Object.keys(proxies) as ProxyName[];
  const installed = names.find((name) => findBinary(proxies[name], env['PATH']) !== undefined);
  const asked = chosenOf('proxy', text ?? installed ?? names[0], names);
  const skipped: RoutesFound['skipped'][number][] = [];
  const routes = timeouts.flatMap((timeoutMs) => {
    const found = readRoutes({
      texts: {
        route: asked.join(','),
        'proxy-preset': 'recommended',
        'proxy-set': asked
          .flatMap((name) => TIMERS[name](timeoutMs / 1_000).map((line) => `${name}.${line}`))
          .join(`${SETTING_BREAK} `),
      },
      tls: false,
      fastTimers: false,
      port: 0,
      path: env['PATH'],
      platform: process.platform,
    });
    for (const one of found.skipped) {
      if (!skipped.some(({ what }) => what === one.what)) skipped.push(one);
    }
    return found.routes.map((route) => {
      const name = `${route.name} idle ${formatDurationMs(timeoutMs)}`;
      return { ...route, name, timeoutMs };
    });
  });
  return { routes, skipped };
}

/** '2s,5s', each once and in order. @throws HarnessError `bad-value` */
function timesIn(flag: string, text: string): number[] {
  const times = text.split(',').map((part) => {
    const parsed = parseDurationMs(part.trim());
    if ('problem' in parsed)
      throw fault('bad-value', { flag: `--${flag}`, problem: parsed.problem });
    if (parsed.value < 50 || parsed.value > 600_000) {
      throw fault('out-of-range', { flag: `--${flag}`, value: part, min: '50ms', max: '10m' });
    }
    return parsed.value;
  });
  return [...new Set(times)].sort((a, b) => a - b);
}
