/**
 * Checks a scenario that somebody else wrote, and what it makes of the values it is given: whatever is wrong
 * is said in one sentence with its place, before anything is started.
 */
import { z } from 'zod';
import { fault, HarnessError, reasonOf } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import { paramSchema } from '../core/param-schema.ts';
import type { PlainValues } from '../core/params.ts';
import { fillParams, formatParam, parseParam } from '../core/params.ts';
import { problemOfPhases } from '../core/phase-rules.ts';
import { needsSchema, phaseSchema, variantSchema } from '../core/phase-schema.ts';
import type { Phase, Scenario, SearchPlan, ServerNeeds, Variant } from '../core/scenario.ts';
import { firstProblem, say } from '../core/schema-words.ts';
import { allMetrics } from '../reports/metrics/registry.ts';
import { scenarios } from '../scenarios/registry.ts';
import { readRequest } from './request.ts';
import { reservedOptions } from './reserved-options.ts';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const nameRule = 'it has lower-case letters, digits and single dashes only';

const aFunction = (returns: string) =>
  z.custom<unknown>((value) => typeof value === 'function', {
    error: say(`it has to be a function of the parameter values that returns ${returns}`),
  });

const scenarioSchema = z.strictObject({
  name: z.string().regex(NAME, nameRule).max(40, 'it is longer than 40 letters'),
  question: z.string().min(1, 'it is empty; say in one sentence what the scenario answers'),
  params: z.record(z.string(), paramSchema),
  quick: z.record(z.string(), z.union([z.number(), z.string()])),
  gate: z.record(z.string(), z.union([z.number(), z.string()])).optional(),
  phases: aFunction('phases'),
  arms: z.string().optional(),
  rounds: z
    .int({ error: say('it has to be a whole number') })
    .min(1, 'it has to be 1 or more')
    .optional(),
  vary: z.string().optional(),
  variants: aFunction('variants').optional(),
  search: aFunction('what is searched').optional(),
  server: aFunction('settings of the server').optional(),
  settles: z.record(z.string(), z.string()).optional(),
  headline: z
    .array(z.string())
    .min(1, 'it names no metric, so the verdict would speak of nothing')
    .max(5, 'it names more than five metrics'),
  explore: z.string(),
});

const searchSchema = z.strictObject({
  param: z.string(),
  unit: z.enum(['/s', 'count']),
  objective: z.string(),
  from: z.number(),
  to: z.number(),
  factor: z.number().gt(1, 'it has to be more than 1'),
  resolution: z.number().gt(0, 'it has to be more than 0'),
  retries: z.int({ error: say('it has to be a whole number') }).min(0, 'it has to be 0 or more'),
}) satisfies z.ZodType<SearchPlan>;

/**
 * @param value what a file exports, or what a program hands over
 * @param origin where it came from, for the message and for the run file
 * @returns the scenario, whose functions check what they return
 * @throws HarnessError `scenario-unusable`
 */
export function checkScenario(value: unknown, origin: string): Scenario {
  const unusable = (problem: string): HarnessError =>
    fault('scenario-unusable', { place: origin, problem });
  const parsed = scenarioSchema.safeParse(withoutOrigin(value));
  if (!parsed.success) throw unusable(firstProblem(parsed.error));
  const problem = problemOfNames(parsed.data) ?? problemOfValues(parsed.data);
  if (problem !== undefined) throw unusable(problem);
  // The schema has seen all of it but the functions, and those are wrapped below.
  const scenario = checked(value as Scenario, origin, unusable);
  tryOut(scenario, unusable);
  return scenario;
}

/** One that has been checked before says where it came from. */
function withoutOrigin(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const { origin: _, ...rest } = value as { origin?: unknown };
  return rest;
}

type Parsed = z.infer<typeof scenarioSchema>;

function problemOfNames({ name, params, headline }: Parsed): string | undefined {
  if (Object.hasOwn(scenarios, name)) {
    return `name: '${name}' is a built-in scenario; with a name of its own nobody takes the one for the other`;
  }
  for (const param of Object.keys(params)) {
    if (!NAME.test(param)) return `params.${param}: ${nameRule}`;
    if (reservedOptions.has(param)) {
      return `params.${param}: --${param} is an option of every scenario; choose another name`;
    }
  }
  const known: readonly string[] = allMetrics.map(([id]) => id);
  for (const [index, id] of headline.entries()) {
    if (known.includes(id)) continue;
    const nearest = nearestOf(id, known);
    return `headline.${index}: there is no metric '${id}'${nearest === undefined ? " ('npm run list' shows them)" : `; the nearest is '${nearest}'`}`;
  }
  return undefined;
}

/** Of the values of `--quick`, and of a gate. */
function problemOfValues({ quick, gate = {}, params }: Parsed): string | undefined {
  const all = Object.entries({ quick, gate }).flatMap(([field, values]) =>
    Object.entries(values).map(([name, value]) => ({ at: `${field}.${name}`, name, value })),
  );
  for (const { at, name, value } of all) {
    const param = Object.hasOwn(params, name) ? params[name] : undefined;
    if (param === undefined) return `${at}: there is no parameter '${name}'`;
    const isNumeric = param.type !== 'choice' && param.type !== 'text';
    if (isNumeric !== (typeof value === 'number')) {
      return `${at}: it has to be a ${isNumeric ? 'number' : 'text'}, as its default is`;
    }
    try {
      parseParam(name, param, formatParam(param, value));
    } catch (error) {
      return `${at}: ${sentence(error)}`;
    }
  }
  return undefined;
}

type Unusable = (problem: string) => HarnessError;

/** Its functions were written by somebody who may have been wrong, for some values or for all. */
function checked(scenario: Scenario, origin: string, unusable: Unusable): Scenario {
  const { server, variants, search } = scenario;
  const ask = <T>(name: string, schema: z.ZodType, values: PlainValues, act: () => T): T => {
    const refuse = (problem: string): HarnessError =>
      unusable(`${problem}${withValues(scenario, values)}`);
    let made: T;
    try {
      made = act();
    } catch (error) {
      // What it says of values that do not fit together is for whoever gave them.
      if (error instanceof HarnessError) throw error;
      throw refuse(`${name}: it throws '${sentence(error)}'`);
    }
    if (made instanceof Promise) {
      // Nobody waits for it, and what it is rejected with is not the problem.
      made.catch(() => undefined);
      throw refuse(`${name}: it returns a promise; it has to return its result at once`);
    }
    const parsed = schema.safeParse(made);
    if (parsed.success) return made;
    throw refuse(nested(name, firstProblem(parsed.error)));
  };
  const needsOf = (values: PlainValues): Partial<ServerNeeds> =>
    server === undefined ? {} : ask('server', needsSchema.partial(), values, () => server(values));
  return {
    ...scenario,
    origin,
    phases: (values) => {
      const phases = ask<readonly Phase[]>('phases', z.array(phaseSchema), values, () =>
        scenario.phases(values),
      );
      const problem = problemOfPhases(phases) ?? problemOfHistory(phases, needsOf(values));
      if (problem === undefined) return phases;
      const at = problem.phase === undefined ? 'phases' : `phases.${problem.phase}`;
      throw unusable(`${at}: ${problem.says}${withValues(scenario, values)}`);
    },
    ...(server === undefined ? {} : { server: needsOf }),
    ...(variants === undefined
      ? {}
      : {
          variants: (values) =>
            ask<readonly Variant[]>('variants', z.array(variantSchema), values, () =>
              variants(values),
            ),
        }),
    ...(search === undefined
      ? {}
      : { search: (values) => ask('search', searchSchema, values, () => search(values)) }),
  };
}

/** 'phases' and '1.clients: it is missing' → 'phases.1.clients: it is missing' */
function nested(name: string, says: string): string {
  return /^[\w.-]+: /.test(says) ? `${name}.${says}` : `${name}: ${says}`;
}

/** Who wants messages of before needs a server that keeps them. */
function problemOfHistory(
  phases: readonly Phase[],
  { replay = 0 }: Partial<ServerNeeds>,
): { readonly phase: number; readonly says: string } | undefined {
  for (const [index, phase] of phases.entries()) {
    const wants = phase.kind === 'connect' ? (phase.history ?? 0) : 0;
    if (wants > replay) {
      return {
        phase: index,
        says: `history: ${wants} messages are wanted, and the server keeps ${replay} (server: () => ({ replay: ${wants} }))`,
      };
    }
  }
  return undefined;
}

/** Whether it can be run with its defaults and with those of `--quick`, as it stands. */
function tryOut(scenario: Scenario, unusable: Unusable): void {
  for (const quick of [false, true]) {
    const how = quick ? 'with --quick' : 'with its defaults';
    try {
      const request = readRequest(scenario, {}, { quick, tls: false });
      const { search } = request;
      for (const point of request.points) {
        const at =
          search === undefined
            ? point
            : { ...point, [search.planAt(point).param]: search.planAt(point).from };
        for (const arm of request.arms) {
          request.phases(at, arm);
          request.server(at, arm);
        }
      }
    } catch (error) {
      if (error instanceof HarnessError && error.code !== 'scenario-unusable') {
        throw unusable(`${how} it is refused: ${sentence(error)}`);
      }
      throw error;
    }
  }
}

/** The values that are not the defaults, since those were tried out before. */
function withValues({ params }: Scenario, values: PlainValues): string {
  const defaults = fillParams(params, {});
  const given = Object.entries(values).flatMap(([name, value]) => {
    const param = Object.hasOwn(params, name) ? params[name] : undefined;
    if (param === undefined || value === defaults[name]) return [];
    return [`${name} ${formatParam(param, value)}`];
  });
  return given.length === 0 ? '' : ` (with ${given.join(', ')})`;
}

/** As the rest of another sentence. */
function sentence(error: unknown): string {
  return (reasonOf(error).split('\n', 1)[0] ?? '').replace(/\.$/, '');
}
