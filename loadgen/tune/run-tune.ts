/** Measures the settings of a plan, interleaved over the repeats; the machinery is that of a study of paths. */
import type { StreamKind } from '../../core/records/probe.ts';
import type { Cell, Sample } from '../../core/records/study.ts';
import type { TuneSetting } from '../../core/records/tune.ts';
import type { ProxyProgram } from '../../proxies/proxy.ts';
import type { ProxyName } from '../../proxies/registry.ts';
import type { Supervisor } from '../child-process.ts';
import type { ProxyRoute } from '../routes/plan.ts';
import type { Measure } from '../study/measure.ts';
import { head } from '../study/measures/head.ts';
import { idle } from '../study/measures/idle.ts';
import { fast } from '../study/measures/paced.ts';
import { stalled } from '../study/measures/stalled.ts';
import type { Place } from '../study/run-study.ts';
import { runStudy } from '../study/run-study.ts';
import { compressed } from './compressed.ts';
import { cpu } from './cpu.ts';

/** What a configuration is looked at with; what it costs is not what is wrong with it. */
export const blameMeasures: readonly Measure[] = [head, fast, compressed, idle, stalled];

/** What is measured of every setting. */
export const tuneMeasures: readonly Measure[] = [head, fast, cpu, idle, stalled];

export interface TuneRun {
  readonly supervisor: Supervisor;
  readonly proxy: ProxyProgram;
  readonly binary: string;
  readonly settings: readonly TuneSetting[];
  /** The configuration of a setting. */
  template(setting: TuneSetting): string;
  readonly transports: readonly StreamKind[];
  readonly measures: readonly Measure[];
  readonly repeats: number;
  readonly maxMs: number;
  readonly signal: AbortSignal;
  took(place: Place, sample: Sample): void;
  progress(at: { readonly route: string; readonly repeat: number; readonly leftMs: number }): void;
}

export function runTune(run: TuneRun): Promise<void> {
  const { proxy, binary, settings, template, ...plan } = run;
  return runStudy({
    ...plan,
    isDone: () => false,
    routes: settings.map((setting) => ({
      name: setting.name,
      plan: routeOf(proxy, binary, setting.name, template(setting)),
    })),
  });
}

export const routeOf = (
  { name: proxy }: ProxyProgram,
  binary: string,
  preset: string,
  template: string,
): ProxyRoute => ({
  kind: 'proxy',
  name: proxy,
  proxy: proxy as ProxyName,
  binary,
  preset,
  template,
});

/** Adds a sample to its cell. @param from the number of its first repeat, where some were there before */
export function keepSample(
  cells: Cell[],
  place: Pick<Place, 'measure' | 'route' | 'transport'>,
  taken: Sample,
  from = 0,
): void {
  const sample = { ...taken, repeat: from + taken.repeat };
  const { route, transport } = place;
  const measure = place.measure.name;
  const found = cells.find(
    (one) => one.measure === measure && one.route === route && one.transport === transport,
  );
  if (found === undefined) cells.push({ measure, route, transport, samples: [sample] });
  else found.samples.push(sample);
}
