/**
 * Typed parameters of a scenario: what a flag accepts, its default and its limits, in one table from
 * which the parser, `--help`, `list` and the documentation are made.
 */
import { fault } from './errors.ts';
import { nearestOf } from './nearest.ts';
import * as units from './units.ts';

interface Numeric {
  readonly default: number;
  readonly min: number;
  readonly max: number;
  readonly help: string;
}
export type Param =
  | ({ readonly type: 'count' | 'ratePerS' | 'sizeBytes' | 'durationMs' | 'share' } & Numeric)
  | {
      readonly type: 'choice';
      readonly choices: readonly string[];
      readonly default: string;
      readonly help: string;
    }
  | {
      /** Words with a grammar of their own, which whoever uses them checks. */
      readonly type: 'text';
      readonly placeholder: string;
      readonly default: string;
      readonly help: string;
    };
export type Params = Readonly<Record<string, Param>>;

export type ParamValue<P extends Param> = P extends {
  type: 'choice';
  choices: readonly (infer C)[];
}
  ? C
  : P extends { type: 'text' }
    ? string
    : number;
export type ParamValues<P extends Params = Params> = { readonly [K in keyof P]: ParamValue<P[K]> };

/** Numbers that a person writes with a unit. */
export const unitTypes = ['durationMs', 'sizeBytes', 'ratePerS', 'share'] as const;

/** What each number of these parameters is, where it has a unit. */
export function typesOf(params: Params): Record<string, (typeof unitTypes)[number]> {
  return Object.fromEntries(
    Object.entries(params).flatMap(([name, { type }]) => {
      const unit = unitTypes.find((one) => one === type);
      return unit === undefined ? [] : [[name, unit]];
    }),
  );
}

/** Values as they are stored in a run file. */
export type PlainValues = Readonly<Record<string, number | string>>;

const parsers = {
  count: units.parseCount,
  ratePerS: units.parseRatePerS,
  sizeBytes: units.parseSizeBytes,
  durationMs: units.parseDurationMs,
  share: units.parseShare,
} as const;

/** How the value of a parameter is written on the command line. */
export function formatParam({ type }: Pick<Param, 'type'>, value: number | string): string {
  if (typeof value === 'string') return value;
  switch (type) {
    case 'ratePerS':
      return `${value}/s`;
    case 'sizeBytes':
      return units.formatSize(value);
    case 'durationMs':
      return units.formatDurationMs(value);
    case 'share':
      // Twelve digits hide what binary fractions leave behind: 0.57 × 100 is 56.99999999999999.
      return `${Number((value * 100).toPrecision(12))}%`;
    default:
      return String(value);
  }
}

/** What `--help` shows as the placeholder of a value. */
export function placeholderOf(param: Param): string {
  return {
    count: 'n',
    ratePerS: 'n/s',
    sizeBytes: 'size',
    durationMs: 'time',
    share: 'n%',
    choice: param.type === 'choice' ? param.choices.join('|') : '',
    text: param.type === 'text' ? param.placeholder : '',
  }[param.type];
}

/**
 * @throws HarnessError `bad-value` or `out-of-range`, naming the flag.
 */
export function parseParam(name: string, param: Param, text: string): number | string {
  const flag = `--${name}`;
  if (param.type === 'text') return text;
  if (param.type === 'choice') {
    if (!param.choices.includes(text)) {
      throw fault('bad-value', {
        flag,
        problem: `'${text}' is not one of ${param.choices.join(', ')}`,
        nearest: nearestOf(text, param.choices),
      });
    }
    return text;
  }
  const parse = parsers[param.type];
  // No unit has numbers below zero; one that would be a number otherwise is out of range.
  const isBelow = text.startsWith('-') && 'value' in parse(text.slice(1));
  const parsed = parse(isBelow ? text.slice(1) : text);
  if ('problem' in parsed) throw fault('bad-value', { flag, problem: parsed.problem });
  if (isBelow || parsed.value < param.min || parsed.value > param.max) {
    throw fault('out-of-range', {
      flag,
      value: text,
      min: formatParam(param, param.min),
      max: formatParam(param, param.max),
    });
  }
  return parsed.value;
}

/** Defaults, overlaid with what was given. */
export function fillParams(params: Params, given: Readonly<Record<string, string>>): PlainValues {
  const values: Record<string, number | string> = {};
  for (const [name, param] of Object.entries(params)) {
    const text = given[name];
    values[name] = text === undefined ? param.default : parseParam(name, param, text);
  }
  return values;
}
