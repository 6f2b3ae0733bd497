/**
 * What a load has to keep to, as people write it: `latency.p99<50ms, reach=1`. A list of assertions, each
 * a limit on one metric, of one arm where it is named (`sse.latency.p99<20ms`). Which metrics there are,
 * and in what unit each is, is told by the caller.
 */
import * as units from './units.ts';

/** Longest first, so that `<=` is not read as `<`. */
const OPERATORS = ['<=', '>=', '<', '>', '='] as const;
export type Operator = (typeof OPERATORS)[number];

export interface Assertion {
  /** Left out: of every arm. */
  readonly arm: string | undefined;
  readonly metric: string;
  readonly operator: Operator;
  /** In the unit of the metric. */
  readonly limit: number;
  /** As it was written, without spaces. */
  readonly text: string;
}

/** What is wrong with a text; `name` where it is a metric that there is not. */
export interface Problem {
  readonly problem: string;
  readonly name?: string;
}

/** Units of metrics as a limit on them is written; what is not here is a bare number. */
const parsers: Readonly<Record<string, (text: string) => units.Parsed>> = {
  us: (text) => scaled(units.parseDurationMs(text), 1_000),
  ns: (text) => scaled(units.parseDurationMs(text), 1_000_000),
  B: units.parseSizeBytes,
  'B/s': (text) =>
    text.endsWith('/s')
      ? units.parseSizeBytes(text.slice(0, -2))
      : { problem: `'${text}' is not a rate of bytes; write it like 10MiB/s` },
  '/s': units.parseRatePerS,
  share: shareOrNumber,
  core: shareOrNumber,
};

/**
 * @param unitOf the unit of a metric; undefined for what is no metric
 */
export function parseAssertions(
  text: string,
  unitOf: (metric: string) => string | undefined,
): readonly Assertion[] | Problem {
  const parts = text.split(',').map((part) => part.trim());
  const assertions: Assertion[] = [];
  for (const part of parts) {
    if (part === '') continue;
    const parsed = parseAssertion(part, unitOf);
    if ('problem' in parsed) return parsed;
    assertions.push(parsed);
  }
  return assertions.length === 0
    ? { problem: 'it names no limit; write it like latency.p99<50ms' }
    : assertions;
}

export function parseAssertion(
  text: string,
  unitOf: (metric: string) => string | undefined,
): Assertion | Problem {
  const match = /^([\w.@-]+)\s*([<>=]+)\s*(.*)$/.exec(text.trim());
  const [, name = '', sign = '', value = ''] = match ?? [];
  const operator = OPERATORS.find((one) => one === sign);
  if (operator === undefined || value === '') {
    return { problem: `'${text}' is not a limit; write it like latency.p99<50ms or reach=100%` };
  }
  const found = splitName(name, unitOf);
  if (found === undefined) return { problem: `there is no metric '${name}'`, name };
  const parsed = (parsers[found.unit] ?? bareNumber)(value);
  if ('problem' in parsed) return { problem: parsed.problem };
  return {
    arm: found.arm,
    metric: found.metric,
    operator,
    limit: parsed.value,
    text: `${name}${operator}${value.replace(/\s/g, '')}`,
  };
}

/** A metric, or the name of an arm and a metric behind its first dot. */
function splitName(
  name: string,
  unitOf: (metric: string) => string | undefined,
): { arm: string | undefined; metric: string; unit: string } | undefined {
  const whole = unitOf(name);
  if (whole !== undefined) return { arm: undefined, metric: name, unit: whole };
  const dot = name.indexOf('.');
  if (dot <= 0) return undefined;
  const metric = name.slice(dot + 1);
  const unit = unitOf(metric);
  return unit === undefined ? undefined : { arm: name.slice(0, dot), metric, unit };
}

/** Whether a value keeps to the limit. What was not measured keeps to none: that is for the caller to see. */
export function holds({ operator, limit }: Assertion, value: number): boolean {
  switch (operator) {
    case '<':
      return value < limit;
    case '<=':
      return value <= limit;
    case '>':
      return value > limit;
    case '>=':
      return value >= limit;
    case '=':
      return value === limit;
  }
}

/** The same of a value of which only a lower bound is known: however high it is, no limit from above is kept. */
export function holdsBeyond({ operator, limit }: Assertion, least: number): boolean {
  return (operator === '>' || operator === '>=') && limit <= least;
}

export interface Broken {
  readonly assertion: Assertion;
  /** Undefined where it was not measured, which is no pass. */
  readonly value: number | undefined;
}

/**
 * Those of an arm that are not kept, in the order in which they were written.
 * @param isBeyond whether of the value of a metric only a lower bound is known
 */
export function brokenOf(
  assertions: readonly Assertion[],
  arm: string,
  metrics: Readonly<Record<string, number>>,
  isBeyond: (metric: string) => boolean,
): Broken[] {
  const keeps = (assertion: Assertion, value: number): boolean =>
    isBeyond(assertion.metric) ? holdsBeyond(assertion, value) : holds(assertion, value);
  return assertions
    .filter((assertion) => assertion.arm === undefined || assertion.arm === arm)
    .map((assertion) => ({ assertion, value: metrics[assertion.metric] }))
    .filter(({ assertion, value }) => value === undefined || !keeps(assertion, value));
}

function scaled(parsed: units.Parsed, factor: number): units.Parsed {
  return 'problem' in parsed ? parsed : { value: parsed.value * factor };
}

/** '99.9%', or what it is of one: '0.999'. */
function shareOrNumber(text: string): units.Parsed {
  return text.includes('%') ? units.parseShare(text) : bareNumber(text);
}

function bareNumber(text: string): units.Parsed {
  return /^\d+(\.\d+)?$/.test(text)
    ? { value: Number(text) }
    : { problem: `'${text}' is not a number; write it like 0 or 0.5` };
}
