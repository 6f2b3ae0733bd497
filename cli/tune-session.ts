/** Measures what each directive of a proxy does, step by step, and keeps it: file, configuration, text. */
import { join } from 'node:path';
import { fault } from '../core/errors.ts';
import type { Tune, TuneSetting } from '../core/records/tune.ts';
import { TUNE_SCHEMA } from '../core/records/tune.ts';
import type { Supervisor } from '../loadgen/child-process.ts';
import { describeEnvironment } from '../loadgen/environment.ts';
import { planCores } from '../loadgen/pinning.ts';
import { conclude } from '../loadgen/tune/conclude.ts';
import { choose } from '../loadgen/tune/effects.ts';
import { knobsOf } from '../loadgen/tune/knobs/registry.ts';
import type { TunePlan } from '../loadgen/tune/plan.ts';
import { measuredValues, planTune, TOGETHER, writtenAs } from '../loadgen/tune/plan.ts';
import { keepSample, routeOf, runTune } from '../loadgen/tune/run-tune.ts';
import type { ProxyProgram } from '../proxies/proxy.ts';
import { createRunFolder, writeWhole } from '../reports/run-file.ts';
import { writeTuneFile } from '../reports/tune/tune-file.ts';
import { renderTuneText } from '../reports/tune/tune-text.ts';
import { tunedConfig } from '../reports/tune/tuned-config.ts';
import type { Io } from './io.ts';
import { clearRoutes } from './leftovers.ts';
import { readyRoutes } from './route-ready.ts';
import { idOf, runsFolder } from './runs-folder.ts';
import { timeLeft } from './study-session.ts';
import { withSupervisor } from './supervised.ts';
import { measuredPackages, toolCommit, toolVersion } from './tool.ts';
import type { TuneAsked } from './tune.ts';

export async function tuneProxy(asked: TuneAsked, io: Io): Promise<Tune> {
  const { name, proxy, version, maxMs, only } = asked;
  for (const says of await clearRoutes()) io.err(`${says}\n`);
  const plan = planTune(proxy, knobsOf[name], version, maxMs, only);
  await checkAll(asked, plan);
  const tune = newTune(asked, plan);
  const folder = createRunFolder(runsFolder(asked.out), tune.id);
  const config = join(folder, proxy.configName);
  const save = (): string => writeTuneFile(folder, tune);
  await withSupervisor(io, async (supervisor) => {
    try {
      save();
      await measure(asked, tune, tune.settings, 0, supervisor, save, io);
      await finish(asked, tune, supervisor, save, io);
      if (!io.signal.aborted) tune.state = 'finished';
    } finally {
      if (tune.state === 'running') tune.state = 'aborted';
      tune.finishedAt = new Date().toISOString();
      save();
    }
  });
  const file = save();
  if (io.signal.aborted) {
    throw fault('interrupted', { kept: tune.cells.length === 0 ? undefined : file });
  }
  writeWhole(config, tunedConfig(tune));
  io.out(asked.json ? `${JSON.stringify(tune)}\n` : renderTuneText(tune, { file, config }));
  return tune;
}

/** Every setting once, before anything is measured. @throws HarnessError `proxy-config-rejected` */
async function checkAll({ proxy, binary }: TuneAsked, plan: TunePlan): Promise<void> {
  await readyRoutes(
    plan.settings.map((setting) => {
      const values = measuredValues(proxy, plan, setting);
      return {
        name: proxy.name,
        plan: routeOf(proxy, binary, setting.name, proxy.config(values, false)),
        title: '',
        says: '',
        values,
      };
    }),
    false,
  );
}

async function measure(
  asked: TuneAsked,
  tune: Tune,
  settings: readonly TuneSetting[],
  firstRepeat: number,
  supervisor: Supervisor,
  save: () => void,
  io: Io,
): Promise<void> {
  const { proxy } = asked;
  await runTune({
    ...asked,
    supervisor,
    settings,
    template: (setting) => proxy.config(measuredValues(proxy, tune, setting), false),
    signal: io.signal,
    took(place, sample) {
      keepSample(tune.cells, place, sample, firstRepeat);
      save();
    },
    progress: ({ route, repeat, leftMs }) =>
      io.err(`repeat ${repeat + 1}/${asked.repeats} · ${route} · ${timeLeft(leftMs)}\n`),
  });
}

/** What helps is tried together, against stock measured once more beside it. */
async function finish(
  asked: TuneAsked,
  tune: Tune,
  supervisor: Supervisor,
  save: () => void,
  io: Io,
): Promise<void> {
  if (io.signal.aborted) return;
  Object.assign(tune, conclude(tune));
  const chosen = choose(tune.settings, tune.effects);
  tune.chosen = Object.assign({}, ...chosen.map(({ set }) => set));
  const { proxy } = asked;
  const values = { ...proxy.presets.stock, ...tune.chosen };
  tune.config = proxy.config(values, false);
  tune.lines = Object.fromEntries(
    Object.entries(tune.chosen).map(([name, value]) => [name, writtenAs(proxy, name, value)]),
  );
  // One alone has been measured already.
  if (chosen.length < 2) return;
  const together: TuneSetting = {
    name: TOGETHER,
    kind: 'together',
    set: tune.chosen,
    isCandidate: false,
  };
  tune.settings.push(together);
  const stock = tune.settings.filter(({ kind }) => kind === 'stock');
  await measure(asked, tune, [...stock, together], asked.repeats, supervisor, save, io);
  Object.assign(tune, conclude(tune));
}

function newTune(asked: TuneAsked, { standIns, settings, skipped }: TunePlan): Tune {
  const { proxy, version, repeats, maxMs, transports, command } = asked;
  const startedAt = new Date();
  return {
    schema: TUNE_SCHEMA,
    id: idOf(startedAt, `tune-${proxy.name}`),
    command,
    startedAt: startedAt.toISOString(),
    state: 'running',
    tool: { version: toolVersion(), commit: toolCommit() },
    environment: describeEnvironment(planCores(), measuredPackages(), { [proxy.name]: version }),
    proxy: proxy.name,
    title: proxy.title,
    version,
    repeats,
    maxMs,
    transports: [...transports],
    defaults: defaultsOf(proxy),
    stock: { ...proxy.presets.stock },
    recommended: { ...proxy.presets.recommended },
    standIns: [...standIns],
    settings: [...settings],
    cells: [],
    effects: [],
    outcomes: [],
    chosen: {},
    config: '',
    lines: {},
    skipped: [...skipped],
  };
}

const defaultsOf = ({ directives }: ProxyProgram): Record<string, string> =>
  Object.fromEntries(Object.entries(directives).map(([name, one]) => [name, one.default]));
