/**
 * What the options of every scenario come to in one of them: a scenario has its own number of rounds, and says what
 * the server has to be told to play its part. For `--help`; the request itself is read in request.ts.
 */
import type { Param, Params, PlainValues } from '../core/params.ts';
import { fillParams } from '../core/params.ts';
import type { Scenario, ServerNeeds } from '../core/scenario.ts';
import { optionOfNeed } from './options.ts';

export interface RunDefaults {
  readonly params: Params;
  /** Defaults with `--quick`, where they are others. */
  readonly quick: PlainValues;
  /** By option, where its default comes from; as the rest of a sentence. */
  readonly origins: Readonly<Record<string, string>>;
}

/** @param table the options, with defaults for any scenario */
export function runDefaults(scenario: Scenario, table: Params): RunDefaults {
  const defaults = fillParams(scenario.params, {});
  const own = ownDefaults(scenario, defaults);
  const params = Object.entries(table).map(([name, param]) => [
    name,
    withDefault(param, own[name]),
  ]);
  const followed = Object.entries(scenario.params).map(([name, param]) => ({
    name,
    others: otherValues(param).map((value) =>
      ownIfTaken(scenario, { ...defaults, [name]: value }, own),
    ),
  }));
  const origins = Object.keys(table).flatMap((option) => {
    const settled = scenario.settles?.[option];
    if (settled !== undefined) return [[option, `settled by --${settled} alone`]];
    const names = followed
      .filter(({ others }) => others.some((other) => other[option] !== own[option]))
      .map(({ name }) => `--${name}`);
    return names.length === 0 ? [] : [[option, `which follows ${names.join(' and ')}`]];
  });
  return {
    params: Object.fromEntries(params) as Params,
    quick: ownDefaults(scenario, { ...defaults, ...scenario.quick }),
    origins: Object.fromEntries(origins) as Record<string, string>,
  };
}

/** What a scenario needs of the server, by the names of options; what has no option is left out. */
function ownDefaults({ server }: Scenario, values: PlainValues): Record<string, string | number> {
  const needs = Object.entries(server?.(values) ?? {});
  return Object.fromEntries(
    needs.flatMap(([need, value]) => {
      const option = optionOfNeed[need as keyof ServerNeeds];
      return option === undefined ? [] : [[option, value]];
    }),
  );
}

/** @param usual what stands where the values are not taken */
function ownIfTaken(
  scenario: Scenario,
  values: PlainValues,
  usual: ReturnType<typeof ownDefaults>,
): ReturnType<typeof ownDefaults> {
  try {
    return ownDefaults(scenario, values);
  } catch {
    // Values that do not fit together, which was for us to find out: a scenario may refuse them.
    return usual;
  }
}

/** Some that are not the default: whether anything follows a parameter shows when it is changed. */
function otherValues(param: Param): readonly (string | number)[] {
  if (param.type === 'text') return [];
  if (param.type === 'choice') return param.choices.filter((choice) => choice !== param.default);
  const { min, max, default: usual } = param;
  return [min, max, Math.min(max, Math.max(min, 2 * usual))].filter((one) => one !== usual);
}

/** The cast is needed since the compiler sees a default of any type of parameter. */
const withDefault = (param: Param, value: string | number | undefined): Param =>
  value === undefined ? param : ({ ...param, default: value } as Param);
