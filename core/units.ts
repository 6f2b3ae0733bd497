/**
 * Units at the boundary: what people write ('30s', '1KiB', '500/s', '10%') to and from numbers.
 * Inside the program a bare number carries its unit in its name.
 */

const DURATION_MS = { us: 0.001, µs: 0.001, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;
const SIZE_BYTES = {
  B: 1,
  KiB: 1_024,
  MiB: 1_048_576,
  GiB: 1_073_741_824,
  kB: 1_000,
  MB: 1e6,
} as const;
const RATE_PER_S = { '/s': 1, '/m': 1 / 60, '/min': 1 / 60, '/h': 1 / 3_600 } as const;
const SHARE = { '%': 0.01 } as const;

/** The outcome of parsing: a value, or what to tell the person who wrote it. */
export type Parsed = { readonly value: number } | { readonly problem: string };

/** '30s' → 30000. */
export const parseDurationMs = (text: string): Parsed =>
  parseWithUnit(text, DURATION_MS, 'a duration', '10s, 500ms or 2m');

/** '1KiB' → 1024. There are no parts of bytes. */
export function parseSizeBytes(text: string): Parsed {
  const parsed = parseWithUnit(text, SIZE_BYTES, 'a size', '128B, 1KiB or 1MiB');
  if ('value' in parsed && !Number.isInteger(parsed.value)) {
    return { problem: `'${text}' is not a whole number of bytes` };
  }
  return parsed;
}

/** '500/s' → 500. */
export const parseRatePerS = (text: string): Parsed =>
  parseWithUnit(text, RATE_PER_S, 'a rate', '50/s or 30/m');

/** '10%' → 0.1. */
export const parseShare = (text: string): Parsed =>
  parseWithUnit(text, SHARE, 'a share', '10% or 0.5%');

/** '5000', also '5_000'. */
export function parseCount(text: string): Parsed {
  if (!/^\d[\d_]*$/.test(text)) {
    return { problem: `'${text}' is not a whole number; write it like 500` };
  }
  return { value: Number(text.replaceAll('_', '')) };
}

function parseWithUnit(
  text: string,
  units: Readonly<Record<string, number>>,
  noun: string,
  examples: string,
): Parsed {
  const match = /^(\d+(?:\.\d+)?)\s*(\D*)$/.exec(text.trim());
  if (match === null) return { problem: `'${text}' is not ${noun}; write it like ${examples}` };
  const [, digits = '', unit = ''] = match;
  if (unit === '') return { problem: `'${text}' has no unit; write it like ${examples}` };
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  if (factor === undefined) {
    const known = Object.keys(units).join(', ');
    return {
      problem: `'${unit}' is not a unit of ${noun} (known: ${known}); write it like ${examples}`,
    };
  }
  return { value: Number(digits) * factor };
}

/** Three significant digits without an exponent: 0.00123, 12.3, 1,230. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  if (magnitude >= 2) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(Math.min(6, 2 - magnitude));
}

export function formatMicroseconds(us: number): string {
  if (Math.abs(us) >= 1e6) return `${formatNumber(us / 1e6)} s`;
  if (Math.abs(us) >= 1e3) return `${formatNumber(us / 1e3)} ms`;
  return `${formatNumber(us)} µs`;
}

export function formatNanoseconds(ns: number): string {
  return Math.abs(ns) >= 1e3 ? formatMicroseconds(ns / 1e3) : `${formatNumber(ns)} ns`;
}

export function formatBytes(bytes: number): string {
  for (const [unit, factor] of [
    ['GiB', 2 ** 30],
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (Math.abs(bytes) >= factor) return `${formatNumber(bytes / factor)} ${unit}`;
  }
  return `${formatNumber(bytes)} B`;
}

export function formatPercent(share: number): string {
  const percent = share * 100;
  // What is nearly all must not read as all of it: one of a million that is missing is missing.
  if (percent < 100 && percent >= 99.95) {
    // A millionth of a digit is what binary fractions leave behind.
    const digits = Math.min(6, Math.ceil(-Math.log10(100 - percent) - 1e-6));
    return `${(Math.floor(percent * 10 ** digits + 1e-6) / 10 ** digits).toFixed(digits)} %`;
  }
  return `${formatNumber(percent)} %`;
}

/** '1 connection', '2,000 connections' */
export const formatCount = (count: number, noun: string): string =>
  `${count.toLocaleString('en-US')} ${noun}${count === 1 ? '' : 's'}`;

/** A change as a person says it: 1.043 → '+4.3 %', 0.5 → '−50 %'. */
export function formatChange(ratio: number): string {
  const percent = (ratio - 1) * 100;
  const digits = Math.abs(percent) < 9.95 ? 1 : 0;
  const size = Math.abs(percent).toFixed(digits);
  const sign = Number(size) === 0 ? '±' : percent > 0 ? '+' : '−';
  return `${sign}${size} %`;
}

/** How a typed value is written on the command line; the inverse of the parsers above. */
export function formatDurationMs(ms: number): string {
  if (ms >= 3_600_000 && ms % 3_600_000 === 0) return `${ms / 3_600_000}h`;
  if (ms >= 60_000 && ms % 60_000 === 0) return `${ms / 60_000}m`;
  return ms >= 1_000 ? `${ms / 1_000}s` : `${ms}ms`;
}

export function formatSize(bytes: number): string {
  for (const [unit, factor] of [
    ['MiB', 2 ** 20],
    ['KiB', 2 ** 10],
  ] as const) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
  }
  return `${bytes}B`;
}
