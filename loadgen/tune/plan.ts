/**
 * The settings that are measured: stock, stock with one thing changed at a time, and the recommended
 * preset; later what helped, together. Time-outs that hold in stock stand for minutes; in their place
 * shorter ones are measured, or nobody would wait for them:
 *
 *     0 ├────────────── stand-in ●──────┤ max          a cut at the stand-in is one at what it stands for
 */
import type { Tune, TuneSetting } from '../../core/records/tune.ts';
import type { Values } from '../../proxies/directive.ts';
import { tooNew } from '../../proxies/directive.ts';
import type { ProxyProgram } from '../../proxies/proxy.ts';
import type { Knob, ProxyKnobs } from './knob.ts';

/** Where in the time that is waited stand-ins are. */
const STAND_IN_SHARE = 0.55;
export const STOCK = 'stock';
export const TOGETHER = 'together';
const RECOMMENDED = 'recommended';

export interface TunePlan {
  readonly standIns: Tune['standIns'];
  readonly settings: readonly TuneSetting[];
  readonly skipped: Tune['skipped'];
}

/** @param only names of knobs; left out: all */
export function planTune(
  proxy: ProxyProgram,
  knobs: ProxyKnobs,
  version: string,
  maxMs: number,
  only?: readonly string[],
): TunePlan {
  const skipped: Tune['skipped'] = [];
  const changes = knobs.knobs
    .filter(({ name }) => only === undefined || only.includes(name))
    .flatMap((knob): TuneSetting[] => {
      const [problem] = tooNew(proxy.directives, knob.set, version);
      if (problem === undefined) return [settingOf(knob)];
      skipped.push({ what: knob.name, says: problem });
      return [];
    });
  return {
    skipped,
    standIns: knobs.timeouts.map(({ directive, holds }) => ({
      directive,
      holds,
      measured: knobs.time(STAND_IN_SHARE * maxMs),
    })),
    settings: [
      { name: STOCK, kind: 'stock', set: {}, isCandidate: false },
      ...changes,
      {
        name: RECOMMENDED,
        kind: 'recommended',
        set: differences(proxy.presets.recommended, proxy.presets.stock),
        isCandidate: false,
      },
    ],
  };
}

const settingOf = ({ name, set, folklore, cost, role }: Knob): TuneSetting => ({
  name,
  kind: 'change',
  set: { ...set },
  ...(folklore === undefined
    ? {}
    : { folklore: { says: folklore.says, figures: [...folklore.figures] } }),
  ...(cost === undefined ? {} : { cost }),
  isCandidate: role === 'candidate',
});

/** With the stand-ins, unless the setting says something itself. */
export function measuredValues(
  proxy: ProxyProgram,
  { standIns }: Pick<Tune, 'standIns'>,
  { set }: TuneSetting,
): Values {
  const short = Object.fromEntries(
    standIns.map(({ directive, measured }) => [directive, measured]),
  );
  return { ...proxy.presets.stock, ...short, ...set };
}

/** What of `values` is different in, or not in, `than`; '' for what is only there. */
export function differences(values: Values, than: Values): Record<string, string> {
  const names = [...new Set([...Object.keys(values), ...Object.keys(than)])];
  return Object.fromEntries(
    names
      .filter((name) => (values[name] ?? '') !== (than[name] ?? ''))
      .map((name) => [name, values[name] ?? '']),
  );
}

/** The line, or the part of one, that a directive is in a configuration. */
export function writtenAs(proxy: ProxyProgram, name: string, value: string): string {
  return proxy.directives[name]?.line?.(value) ?? `${name} ${value}`;
}
