/**
 * `check <scenario>`: the gate for CI. It holds head against a base in interleaved rounds, against a saved
 * run, or against limits, and its exit code says whether to merge.
 */
import { join, resolve } from 'node:path';
import { exitCodes, fault } from '../core/errors.ts';
import { FEWEST_GATE_ROUNDS } from '../core/gate.ts';
import type { Params } from '../core/params.ts';
import type { GateRecord } from '../core/records/gate.ts';
import type { Scenario } from '../core/scenario.ts';
import { refOf } from '../core/scenario.ts';
import { runRounds } from '../loadgen/run.ts';
import { renderHtml } from '../reports/formats/html.ts';
import { checkAssertions } from '../reports/gate/assertions.ts';
import { readBaseline } from '../reports/gate/baseline.ts';
import { describeFinding, summarise } from '../reports/gate/words.ts';
import { writeWhole } from '../reports/run-file.ts';
import { scenarios } from '../scenarios/registry.ts';
import { openCalibrations } from './calibration-store.ts';
import { configured, loadConfig } from './config.ts';
import { addExportOption, exportRun, readExports } from './export.ts';
import type { LiveBase } from './gate-base.ts';
import { headOf, openBase } from './gate-base.ts';
import { refuseThinBaseline, saveForLater } from './gate-baseline.ts';
import { calibrate, keyOf, storeOf } from './gate-calibration.ts';
import { finishGate } from './gate-output.ts';
import type { GateFlags, GatePlan } from './gate-plan.ts';
import { DEFAULT_ARM, readPlan } from './gate-plan.ts';
import type { Decided } from './gate-run.ts';
import { decide, decideAgainst, withBase } from './gate-run.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { addCommonOptions, addParams, givenValues, runParams, textOptions } from './options.ts';
import { refuseFile } from './output-place.ts';
import { runDefaults } from './run-defaults.ts';
import type { ReadyRun } from './run-session.ts';
import { runSession } from './run-session.ts';
import { defaultRuns } from './runs-folder.ts';
import { scenariosIn } from './scenario-file.ts';
import { hashOfScenario } from './scenario-hash.ts';
import type { FileChoice, TargetChoice } from './target-file.ts';
import { loadTarget, loadTargets, placesOf } from './target-file.ts';
import { recordOfTargets } from './target-record.ts';

/** Of `bench`, and meaningless here. */
const NOT_HERE = new Set(['vary', 'quick', 'open', 'json']);

export const check: CommandFactory = async (command, io, finish) => {
  const own = await scenariosIn('check', io.args, process.cwd());
  for (const listed of [...Object.values<Scenario>(scenarios), ...own]) {
    const scenario = atGateLoad(listed);
    const isSweep = scenario.search !== undefined || scenario.vary !== undefined;
    const one = command.createCommand(refOf(scenario)).description(scenario.question);
    // Of ours the others are not listed; of whichever is named it is said why.
    command.addCommand(one, { hidden: isSweep && scenario.origin === undefined });
    one
      .option('--base-ref <ref>', 'git reference of the base, which is built and run beside head')
      .option('--base-target <file>', 'target file of the base, which is run beside --target')
      .option('--baseline <file>', 'a run saved earlier: counts, bytes and memory may decide')
      .option('--save <file>', 'save this run, for --baseline in later ones')
      .option(
        '--assert <limit>',
        'a limit, e.g. latency.p99<20ms or sse.reach=1; may be repeated',
        many,
      )
      .option(
        '--metric <metric[=margin]>',
        'what to compare, at most 5, e.g. server.cpu=5%; may be repeated',
        many,
      )
      .option('--aa', 'measure how often this gate raises a false alarm on this machine')
      .option('--strict', 'exit with 5 when something is unclear')
      .option('--markdown <file>', 'write the outcome as Markdown')
      .option('--junit <file>', 'write the outcome as JUnit XML')
      .option('--json', 'print what the gate decided as one JSON document and nothing else');
    addExportOption(one);
    addParams(one, scenario.params, {});
    const { params, origins } = runDefaults(scenario, gateParams);
    addParams(one, params, {}, origins);
    addCommonOptions(one, { arms: DEFAULT_ARM, client: 'lean', out: defaultRuns() }, NOT_HERE);
    one.action(async (flags: GateFlags) => {
      if (isSweep) {
        throw fault('bad-usage', {
          problem: `${refOf(scenario)} cannot be gated: a gate runs rounds of head and base, and ${refOf(scenario)} has a search or a sweep instead.`,
          command: 'check',
        });
      }
      const names = [scenario.params, runParams, textOptions].flatMap((table) =>
        Object.keys(table),
      );
      const config = await loadConfig(process.cwd(), own);
      const given = { ...configured(config, scenario.name, names), ...givenValues(one, names) };
      const { metrics, assert } = config.check?.[scenario.name] ?? {};
      const merged = {
        ...(metrics === undefined ? {} : { metric: metrics }),
        ...(assert === undefined ? {} : { assert }),
        ...flags,
      };
      const places = placesOf(config);
      const targets = await loadTargets(given['target'], places);
      const baseTarget =
        flags.baseTarget === undefined ? undefined : await loadTarget(flags.baseTarget, places);
      finish(await runCheck(scenario, given, merged, { targets, baseTarget }, io));
    });
  }
};

/** The same scenario, with the load of a gate as its default. */
function atGateLoad(scenario: Scenario): Scenario {
  const { gate = {}, params } = scenario;
  const changed = Object.entries(gate).map(([name, value]) => [
    name,
    { ...params[name], default: value },
  ]);
  return { ...scenario, params: { ...params, ...Object.fromEntries(changed) } as Params };
}

const gateParams: Params = {
  ...runParams,
  rounds: {
    ...runParams.rounds,
    default: FEWEST_GATE_ROUNDS,
    help: `rounds of a batch; a gate against a base runs one to three of at least ${FEWEST_GATE_ROUNDS}`,
  },
};

function many(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Those that are checked, and the one that they are held against. */
interface Servers {
  readonly targets: readonly TargetChoice[];
  readonly baseTarget: FileChoice | undefined;
}

async function runCheck(
  scenario: Scenario,
  given: Readonly<Record<string, string>>,
  flags: GateFlags,
  { targets, baseTarget }: Servers,
  io: Io,
): Promise<number> {
  readExports(flags.export);
  refuseFile('--save', flags.save);
  refuseFile('--markdown', flags.markdown);
  refuseFile('--junit', flags.junit);
  const plan = readPlan(scenario, given, flags, targets);
  if (plan.calibrates && flags.export !== undefined) throw nothingToExport(scenario);
  // Before minutes are spent: what cannot be read is known at once.
  const saved = flags.baseline === undefined ? undefined : savedBase(plan, flags.baseline);
  const live = await openBase(plan, baseTarget, io);
  try {
    if (plan.calibrates) return await calibrate(plan, live, io);
    const isSame = live?.isSame === true && given['inject'] === undefined;
    if (isSame && plan.assertions.length === 0) {
      if (flags.export !== undefined) io.err('Nothing was run, so nothing is exported.\n');
      return finishGate(plan, sameBuild(live), undefined, io);
    }
    const head = live?.head ?? headOf(plan);
    return await gate(plan, head, live === undefined ? saved : runBase(plan, live), io);
  } finally {
    await live?.remove();
  }
}

const nothingToExport = ({ name }: Scenario) =>
  fault('bad-usage', {
    problem: '--export is of a run that decides something, and --aa decides nothing.',
    command: `check ${name}`,
  });

type Side = GateRecord['head'];

/** What head is held against. */
interface Base {
  readonly side: Side;
  /** The request with what this base needs beside head. */
  readonly request: GatePlan['request'];
  decide(ready: ReadyRun, io: Io): Promise<Decided>;
  /** Whether error rates of interleaved rounds say anything about it. */
  readonly interleaved: boolean;
}

function runBase({ request, rules }: GatePlan, live: LiveBase): Base {
  return {
    side: live.side,
    request: withBase(request, {
      base: live.server,
      baseTitle: live.title,
      baseTarget: live.target,
      faults: request.faults,
    }),
    decide: (ready, io) => decide(ready, rules, request.rounds, io),
    interleaved: true,
  };
}

/** @throws HarnessError for a file that cannot be read or is of another load */
function savedBase({ request, rules, scenario }: GatePlan, path: string): Base {
  const run = readBaseline(resolve(path), {
    scenario: {
      ...scenario,
      headline: [...scenario.headline],
      hash: hashOfScenario(scenario),
    },
    params: { ...request.values },
    ...recordOfTargets(request.targets),
    routes: request.routes.filter(({ plan }) => plan !== undefined),
  });
  refuseThinBaseline(path, run, rules);
  return {
    side: { name: path, ...(run.tool.commit === undefined ? {} : { commit: run.tool.commit }) },
    request,
    decide: (ready, io) => decideAgainst(ready, run, rules, request.rounds, io),
    interleaved: false,
  };
}

function sameBuild({ head, side }: LiveBase): GateRecord {
  const gate = {
    head,
    base: side,
    outcome: 'same-build' as const,
    batches: [],
    findings: [],
    assertions: [],
  };
  return { ...gate, says: summarise(gate), calibration: [] };
}

async function gate(plan: GatePlan, head: Side, base: Base | undefined, io: Io): Promise<number> {
  const { request, rules, assertions, heads, command, out, flags } = plan;
  let record: GateRecord | undefined;
  const asked = base?.request ?? request;
  const { run, folder } = await runSession(asked, { io, out, command }, async (ready) => {
    const decided = await (base?.decide(ready, io) ?? onlyRounds(ready, io));
    const checked = checkAssertions(ready.run, assertions, heads);
    const found = {
      head,
      ...(base === undefined ? {} : { base: base.side }),
      outcome: outcomeOf(decided.outcome, checked),
      batches: [...decided.batches],
      findings: decided.findings.map((finding) => {
        const rule = rules.find(({ metric }) => metric === finding.metric);
        if (rule === undefined) throw new Error(`no rule for ${finding.metric}`);
        return describeFinding(finding, rule);
      }),
      assertions: checked,
    };
    const calibration =
      base?.interleaved === true
        ? [...openCalibrations(storeOf(out)).find(keyOf(plan, ready.run))]
        : [];
    record = { ...found, says: summarise(found), calibration };
    ready.run.gate = record;
  });
  if (record === undefined) throw new Error('the run ended without a decision');
  writeWhole(join(folder, 'report.html'), renderHtml(run));
  await exportRun(run, readExports(flags.export), io);
  const unsaved = flags.save === undefined ? undefined : saveForLater(flags.save, run, heads, io);
  const isSaveOnly = base === undefined && assertions.length === 0;
  const code = isSaveOnly ? exitCodes.passed : finishGate(plan, record, folder, io);
  if (unsaved === undefined) return code;
  // What was decided outranks that it is not kept.
  if (code === exitCodes.passed) throw unsaved;
  io.err(`${unsaved.message}\n`);
  return code;
}

async function onlyRounds(
  { plan, supervisor, events }: ReadyRun,
  { signal }: Io,
): Promise<Decided> {
  await runRounds(plan, supervisor, events, signal);
  return { outcome: 'passed', findings: [], batches: [] };
}

function outcomeOf(
  found: Decided['outcome'],
  assertions: GateRecord['assertions'],
): GateRecord['outcome'] {
  const has = (state: string): boolean => assertions.some((one) => one.state === state);
  if (found === 'regressed') return 'regressed';
  if (has('broken')) return 'broken';
  if (found === 'no-data' || has('no-data')) return 'no-data';
  return found === 'unclear' || has('unclear') ? 'unclear' : 'passed';
}
