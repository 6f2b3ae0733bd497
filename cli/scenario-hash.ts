/**
 * What tells one state of somebody's own scenario from another under the same name: a hash of the script that
 * it makes of its defaults. Built-in scenarios need none, since the version of the tool says which they are.
 */
import { createHash } from 'node:crypto';
import { fillParams } from '../core/params.ts';
import type { Scenario } from '../core/scenario.ts';

/** Undefined for a built-in scenario. */
export function hashOfScenario(scenario: Scenario): string | undefined {
  if (scenario.origin === undefined) return undefined;
  const defaults = fillParams(scenario.params, {});
  const quick = { ...defaults, ...scenario.quick };
  const script = [
    scenario.phases(defaults),
    scenario.phases(quick),
    scenario.server?.(defaults) ?? {},
    scenario.variants?.(defaults) ?? [],
  ];
  return createHash('sha256').update(JSON.stringify(script)).digest('hex').slice(0, 12);
}
