/**
 * `pushbench.config.ts` (or `.js`, `.mjs`, `.json`) in the working directory: values of options that a
 * project always gives, and what its gate looks at. What is on the command line comes first.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { fault, reasonOf } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { Scenario } from '../core/scenario.ts';
import { scenarios } from '../scenarios/registry.ts';
import { runParams, textOptions } from './options.ts';
import { unknownField } from './zod-words.ts';

/** As on the command line: '200' or 200, '1KiB', '50/s'. */
const values = z.record(z.string(), z.union([z.string(), z.number()]));

const gateSchema = z.strictObject({
  /** Each as after `--metric`, e.g. `latency.p99=20%`; at most five. */
  metrics: z.array(z.string()).optional(),
  /** Each as after `--assert`, e.g. `reach=1`. */
  assert: z.array(z.string()).optional(),
});

const configSchema = z.strictObject({
  /** Options of every scenario, by name without the dashes. */
  defaults: values.optional(),
  /** Options of single scenarios, over those. */
  scenarios: z.record(z.string(), values).optional(),
  /** What `check` looks at, by scenario. */
  check: z.record(z.string(), gateSchema).optional(),
  /** Short names for `--target`, and the paths of their files. */
  targets: z.record(z.string(), z.string()).optional(),
});

export type PushbenchConfig = z.infer<typeof configSchema>;

const NAMES = ['ts', 'mts', 'js', 'mjs', 'json'].map(
  (extension) => `pushbench.config.${extension}`,
);

/**
 * @param own scenarios of somebody's own that the command names: what is configured for them is known then
 * @throws HarnessError `config-unusable`
 */
export async function loadConfig(
  folder: string,
  own: readonly Scenario[] = [],
): Promise<PushbenchConfig> {
  const found = NAMES.map((name) => join(folder, name)).filter((path) => existsSync(path));
  const [path, other] = found;
  if (path === undefined) return {};
  if (other !== undefined) {
    throw fault('config-unusable', {
      path,
      problem: `${other} is there as well, and one is enough`,
    });
  }
  let value: unknown;
  try {
    value = path.endsWith('.json')
      ? JSON.parse(readFileSync(path, 'utf8'))
      : await importDefault(path);
  } catch (error) {
    throw fault('config-unusable', { path, problem: reasonOf(error) });
  }
  const parsed = configSchema.safeParse(value, { error: unknownField });
  if (parsed.success) {
    refuseMisspelled(path, parsed.data, own);
    return parsed.data;
  }
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.') ?? '';
  throw fault('config-unusable', {
    path,
    problem: `${where === '' ? '' : `${where}: `}${issue?.message ?? 'it is not a configuration'}`,
  });
}

/**
 * A name that is nearly that of something is a slip, which would leave a run with other values than were meant.
 * Any other may be of a scenario of somebody's own, which is only loaded where it is run.
 */
function refuseMisspelled(
  path: string,
  { defaults = {}, scenarios: ofScenarios = {}, check = {} }: PushbenchConfig,
  own: readonly Scenario[],
): void {
  const all = [...Object.values<Scenario>(scenarios), ...own];
  const options = [runParams, textOptions, ...all.map(({ params }) => params)].flatMap((table) =>
    Object.keys(table),
  );
  const names = all.map(({ name }) => name);
  for (const [where, what, given, known] of [
    ['defaults', 'option', defaults, options],
    ['scenarios', 'scenario', ofScenarios, names],
    ['check', 'scenario', check, names],
  ] as const) {
    for (const name of Object.keys(given)) {
      const nearest = known.includes(name) ? undefined : nearestOf(name, known);
      if (nearest === undefined) continue;
      throw fault('config-unusable', {
        path,
        problem: `${where}: there is no ${what} '${name}'`,
        nearest,
      });
    }
  }
}

/** Values for the options of a scenario that has these, as if they had been typed. */
export function configured(
  { defaults, scenarios }: PushbenchConfig,
  scenario: string,
  options: readonly string[],
): Record<string, string> {
  const known = new Set(options);
  const own = scenarios?.[scenario] ?? {};
  const unknown = Object.keys(own).find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw fault('config-unusable', {
      path: 'pushbench.config',
      problem: `scenarios.${scenario}: there is no option '${unknown}'`,
      nearest: nearestOf(unknown, options),
    });
  }
  // What is said for all scenarios need not mean something to each.
  const all = Object.entries(defaults ?? {}).filter(([name]) => known.has(name));
  return Object.fromEntries(
    Object.entries({ ...Object.fromEntries(all), ...own }).map(([name, value]) => [
      name,
      String(value),
    ]),
  );
}

/** Node 20 cannot load TypeScript by itself; loaded only where there is such a file. */
async function importDefault(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url).import(path, { default: true });
}
