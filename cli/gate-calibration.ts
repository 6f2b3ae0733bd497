/** Measures how often a gate is right on this machine, by resampling rounds of builds whose truth is known. */
import { join } from 'node:path';
import { exitCodes } from '../core/errors.ts';
import { FEWEST_GATE_ROUNDS } from '../core/gate.ts';
import { simulateGates } from '../core/gate-power.ts';
import { createRandom } from '../core/random.ts';
import type { GateRatesRecord } from '../core/records/gate.ts';
import type { RunResult } from '../core/result.ts';
import type { Scenario } from '../core/scenario.ts';
import type { CalibrationKey } from './calibration-store.ts';
import { openCalibrations } from './calibration-store.ts';
import type { LiveBase } from './gate-base.ts';
import type { GatePlan } from './gate-plan.ts';
import { measurePool, withBase } from './gate-run.ts';
import type { Io } from './io.ts';
import { runSession } from './run-session.ts';

/** Rounds that error rates are resampled from, and gates that are simulated. */
const POOL_ROUNDS = 40;
const SIMULATED_GATES = 2_000;

/** Measures a pool of rounds and says how often the gate would be wrong, or right. */
export async function calibrate(
  plan: GatePlan,
  base: LiveBase | undefined,
  io: Io,
): Promise<number> {
  const { request, rules, out, command, scenario } = plan;
  const rounds = Math.max(POOL_ROUNDS, request.rounds === FEWEST_GATE_ROUNDS ? 0 : request.rounds);
  const asked = withBase(request, {
    base: base?.server ?? {},
    baseTitle: base?.title ?? 'again',
    baseTarget: base?.target,
    faults: request.faults,
  });
  let rates: GateRatesRecord | undefined;
  await runSession(asked, { io, out, command }, async (ready) => {
    const pool = await measurePool(ready, rules, rounds, io.signal);
    const simulated = simulateGates(pool, rules, {
      rounds: FEWEST_GATE_ROUNDS,
      gates: SIMULATED_GATES,
      random: createRandom(request.run.seed),
    });
    rates = {
      ...(request.inject === undefined ? {} : { inject: request.inject }),
      pool: pool.length,
      ...simulated,
      byMetric: { ...simulated.byMetric },
      measuredAt: ready.run.startedAt,
    };
    openCalibrations(storeOf(out)).keep(keyOf(plan, ready.run), rates);
  });
  if (rates === undefined) throw new Error('the run ended without rates');
  if (plan.flags.json === true) io.out(`${JSON.stringify(rates)}\n`);
  else io.out(ratesText(rates, scenario));
  return exitCodes.passed;
}

function ratesText(
  { inject, regressed, unclear, byMetric, pool, gates }: GateRatesRecord,
  { name }: Scenario,
): string {
  const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`;
  const what = inject === undefined ? 'false alarms' : `${inject} found`;
  const named = Object.entries(byMetric).map(
    ([metric, share]) => `  ${metric} ${percent(share)}\n`,
  );
  return (
    `check ${name}: ${what} in ${percent(regressed)} of ${gates.toLocaleString('en-US')} gates,` +
    ` resampled from ${pool} rounds; ${percent(unclear)} end unclear.\n${named.join('')}` +
    'Kept beside the runs, and quoted with every later verdict of this gate on this machine.\n'
  );
}

export function storeOf(out: string): string {
  return join(out, 'calibration.json');
}

export function keyOf(
  { rules, scenario }: GatePlan,
  { environment, params }: RunResult,
): CalibrationKey {
  return {
    fingerprint: environment.fingerprint,
    scenario: scenario.name,
    params,
    rules,
    rounds: FEWEST_GATE_ROUNDS,
  };
}
