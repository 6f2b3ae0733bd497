/**
 * What `import … from 'pushbench'` gives: runs, and typed definitions of scenarios and targets. Files of users
 * get this very module, whatever they lie beside.
 */

export type { ErrorCode, ExitCode } from '../core/errors.ts';
export { HarnessError, refuseValue } from '../core/errors.ts';
export { MIN_CHANNEL_MESSAGE_BYTES, MIN_MESSAGE_BYTES } from '../core/message.ts';
export type { Param, Params, ParamValues, PlainValues } from '../core/params.ts';
export type { AssertionRecord } from '../core/records/gate.ts';
export type {
  Arm,
  Point,
  RunComparison,
  RunResult,
  Trial,
  Validity,
  Warning,
} from '../core/result.ts';
export type {
  AskLoad,
  Audience,
  BeatPhase,
  ConnectPhase,
  DefinedScenario,
  FaultPlan,
  LoadPhase,
  Phase,
  PublishLoad,
  RequestLoad,
  RestPhase,
  Scenario,
  SearchPlan,
  ServerNeeds,
  SlowReaders,
  Variant,
} from '../core/scenario.ts';
export { defineScenario } from '../core/scenario.ts';
export type { Target } from '../core/target.ts';
export { defineTarget } from '../core/target.ts';
export type { Progress } from '../loadgen/one-trial.ts';
export type { MetricId } from '../reports/metrics/registry.ts';
export { quickTiming, timing, warmUpAndMeasure } from '../scenarios/params/timing.ts';
export { run } from './api.ts';
export type {
  OtherOptions,
  ParamInput,
  ParamInputs,
  RunOptions,
  ScenarioName,
  TargetInput,
} from './run-options.ts';
export type { AssertOptions, MetricFigure, RunOutcome, SavedRun } from './run-outcome.ts';
