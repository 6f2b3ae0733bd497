/**
 * Takes the samples of a study, pass by pass: in each one route is set up anew and every measure looks at
 * it once. What needs the machine to itself goes first, one after the other; what only waits then waits
 * together, or three repeats on ten routes would take hours.
 */
import type { StreamKind } from '../../core/records/probe.ts';
import type { Sample } from '../../core/records/study.ts';
import { TrialFailure } from '../child-process.ts';
import { crowdSignal } from '../probing/crowd-signal.ts';
import { ProbeFailure } from '../probing/probe-failure.ts';
import type { Look, Measure } from './measure.ts';
import type { OpenedPath, PathOptions } from './open-path.ts';
import { openPath } from './open-path.ts';

/** About how long a proxy takes to start and to end, ms. */
const SETUP_MS = 1_200;

export interface StudyRoute {
  readonly name: string;
  readonly plan: PathOptions['route'];
}

export interface Place {
  readonly measure: Measure;
  readonly route: string;
  readonly transport: StreamKind;
  readonly repeat: number;
}

export interface StudyPlan extends Omit<PathOptions, 'route'> {
  readonly routes: readonly StudyRoute[];
  readonly transports: readonly StreamKind[];
  readonly measures: readonly Measure[];
  readonly repeats: number;
  /** Whether this sample is there already. */
  isDone(place: Place): boolean;
  took(place: Place, sample: Sample): void;
  /** Before each pass, with what is left of the time. */
  progress(pass: {
    readonly route: string;
    readonly repeat: number;
    readonly leftMs: number;
  }): void;
}

interface Pass {
  readonly route: StudyRoute;
  readonly repeat: number;
  readonly places: readonly Place[];
  readonly takesMs: number;
}

/** Resolves when all is taken, or the signal has ended it. */
export async function runStudy(plan: StudyPlan): Promise<void> {
  const passes = passesOf(plan);
  let left = passes.reduce((sum, { takesMs }) => sum + takesMs, 0);
  let [guessed, took] = [0, 0];
  for (const pass of passes) {
    if (plan.signal.aborted) return;
    // What earlier passes took longer than was thought, the others will, too.
    const slower = guessed === 0 ? 1 : took / guessed;
    plan.progress({ route: pass.route.name, repeat: pass.repeat, leftMs: left * slower });
    const startedAt = performance.now();
    await runPass(pass, plan);
    left -= pass.takesMs;
    guessed += pass.takesMs;
    took += performance.now() - startedAt;
  }
}

/** Repeat by repeat, so that what happens to the machine meanwhile happens to all routes. */
function passesOf(plan: StudyPlan): Pass[] {
  const { routes, transports, measures, repeats, maxMs } = plan;
  return Array.from({ length: repeats }, (_, repeat) => repeat).flatMap((repeat) =>
    routes.flatMap((route): Pass[] => {
      const places = transports.flatMap((transport) =>
        measures
          .map((measure): Place => ({ measure, route: route.name, transport, repeat }))
          .filter((place) => !plan.isDone(place)),
      );
      if (places.length === 0) return [];
      const times = places.map(({ measure }) => measure.takesMs(maxMs));
      const alone = times.reduce((sum, one) => sum + one.alone, 0);
      const takesMs = SETUP_MS + alone + Math.max(0, ...times.map(({ waits }) => waits));
      return [{ route, repeat, places, takesMs }];
    }),
  );
}

async function runPass({ route, places }: Pass, plan: StudyPlan): Promise<void> {
  const { supervisor, maxMs } = plan;
  // Many connections listen to it at the same time.
  const signal = crowdSignal(plan.signal);
  let path: OpenedPath;
  try {
    path = await openPath({ supervisor, route: route.plan, maxMs, signal });
  } catch (error) {
    if (!(error instanceof TrialFailure)) throw error;
    if (signal.aborted) return;
    for (const place of places) plan.took(place, problemOf(place, error));
    return;
  }
  try {
    await takeAll(places, path, signal, async (place, look) => {
      const sample = await sampleOf(place, look);
      // What was cut short is no sample.
      if (!signal.aborted) plan.took(place, sample);
    });
  } finally {
    await path.close();
  }
}

/** Resolves when all are over, also where one has failed: connections would be left behind. */
async function takeAll(
  places: readonly Place[],
  path: OpenedPath,
  signal: AbortSignal,
  take: (place: Place, look: Promise<Look>) => Promise<void>,
): Promise<void> {
  const waiting: Promise<void>[] = [];
  for (const place of places) {
    const { measure, transport } = place;
    if (measure.waits || signal.aborted) continue;
    const look = measure.look(path.over(transport));
    const taken = take(place, look);
    waiting.push(taken);
    // What goes wrong is told by `take`.
    const first = await look.catch(() => undefined);
    if (first === undefined || !('later' in first)) await Promise.allSettled([taken]);
  }
  for (const place of places) {
    const { measure, transport } = place;
    if (!measure.waits || signal.aborted) continue;
    waiting.push(take(place, measure.look(path.over(transport))));
  }
  for (const one of await Promise.allSettled(waiting)) {
    if (one.status === 'rejected') throw one.reason;
  }
}

async function sampleOf(place: Place, look: Promise<Look>): Promise<Sample> {
  try {
    const found = await look;
    return { repeat: place.repeat, ...('later' in found ? await found.later : found) };
  } catch (error) {
    if (error instanceof ProbeFailure || error instanceof TrialFailure) {
      return problemOf(place, error);
    }
    throw error;
  }
}

const problemOf = ({ repeat }: Place, { message }: Error): Sample => ({
  repeat,
  figures: {},
  facts: {},
  problem: message,
});
