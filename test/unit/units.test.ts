import { describe, expect, test } from 'vitest';
import * as units from '../../core/units.ts';

const { parseCount, parseDurationMs, parseRatePerS, parseShare, parseSizeBytes } = units;

describe('what people write', () => {
  test.each([
    { parse: parseDurationMs, text: '30s', value: 30_000 },
    { parse: parseDurationMs, text: '500ms', value: 500 },
    { parse: parseDurationMs, text: '1.5s', value: 1_500 },
    { parse: parseDurationMs, text: '2m', value: 120_000 },
    { parse: parseDurationMs, text: '1h', value: 3_600_000 },
    { parse: parseDurationMs, text: '250us', value: 0.25 },
    { parse: parseDurationMs, text: '250µs', value: 0.25 },
    { parse: parseDurationMs, text: ' 10 s ', value: 10_000 },
    { parse: parseDurationMs, text: '0s', value: 0 },
    { parse: parseSizeBytes, text: '128B', value: 128 },
    { parse: parseSizeBytes, text: '1KiB', value: 1_024 },
    { parse: parseSizeBytes, text: '1kB', value: 1_000 },
    { parse: parseSizeBytes, text: '1.5MiB', value: 1_572_864 },
    { parse: parseSizeBytes, text: '2MB', value: 2_000_000 },
    { parse: parseSizeBytes, text: '1GiB', value: 1_073_741_824 },
    { parse: parseRatePerS, text: '500/s', value: 500 },
    { parse: parseRatePerS, text: '30/m', value: 0.5 },
    { parse: parseRatePerS, text: '30/min', value: 0.5 },
    { parse: parseRatePerS, text: '1800/h', value: 0.5 },
    { parse: parseShare, text: '10%', value: 0.1 },
    { parse: parseShare, text: '0.5%', value: 0.005 },
    { parse: parseShare, text: '100%', value: 1 },
    { parse: parseCount, text: '500', value: 500 },
    { parse: parseCount, text: '5_000', value: 5_000 },
    { parse: parseCount, text: '0', value: 0 },
  ])('$text is $value', ({ parse, text, value }) => {
    expect(parse(text)).toEqual({ value: expect.closeTo(value, 12) });
  });

  test.each([
    {
      parse: parseDurationMs,
      text: 'soon',
      problem: "'soon' is not a duration; write it like 10s, 500ms or 2m",
    },
    {
      parse: parseDurationMs,
      text: '10',
      problem: "'10' has no unit; write it like 10s, 500ms or 2m",
    },
    {
      parse: parseDurationMs,
      text: '10d',
      problem:
        "'d' is not a unit of a duration (known: us, µs, ms, s, m, h); write it like 10s, 500ms or 2m",
    },
    {
      parse: parseDurationMs,
      text: '-5s',
      problem: "'-5s' is not a duration; write it like 10s, 500ms or 2m",
    },
    {
      parse: parseDurationMs,
      text: '1e3s',
      problem: "'1e3s' is not a duration; write it like 10s, 500ms or 2m",
    },
    {
      parse: parseDurationMs,
      text: '',
      problem: "'' is not a duration; write it like 10s, 500ms or 2m",
    },
    {
      parse: parseSizeBytes,
      text: '1kb',
      problem:
        "'kb' is not a unit of a size (known: B, KiB, MiB, GiB, kB, MB); write it like 128B, 1KiB or 1MiB",
    },
    { parse: parseRatePerS, text: '50', problem: "'50' has no unit; write it like 50/s or 30/m" },
    {
      parse: parseRatePerS,
      text: '50/d',
      problem: "'/d' is not a unit of a rate (known: /s, /m, /min, /h); write it like 50/s or 30/m",
    },
    { parse: parseShare, text: '0.1', problem: "'0.1' has no unit; write it like 10% or 0.5%" },
    { parse: parseCount, text: '1.5', problem: "'1.5' is not a whole number; write it like 500" },
    { parse: parseCount, text: '-1', problem: "'-1' is not a whole number; write it like 500" },
    { parse: parseCount, text: '1k', problem: "'1k' is not a whole number; write it like 500" },
  ])('$text is refused with the way to write it', ({ parse, text, problem }) => {
    expect(parse(text)).toEqual({ problem });
  });
});

describe('what people read', () => {
  test.each([
    [0, '0'],
    [1, '1.00'],
    [1.234, '1.23'],
    [12.34, '12.3'],
    [123.4, '123'],
    [1_234.5, '1,235'],
    [1_234_567, '1,234,567'],
    [0.5, '0.500'],
    [0.00123, '0.00123'],
    [-12.34, '-12.3'],
  ])('the number %d is %s', (value, text) => {
    expect(units.formatNumber(value)).toBe(text);
  });

  test.each([
    { format: units.formatMicroseconds, value: 812, text: '812 µs' },
    { format: units.formatMicroseconds, value: 1_500, text: '1.50 ms' },
    { format: units.formatMicroseconds, value: 2_500_000, text: '2.50 s' },
    { format: units.formatNanoseconds, value: 850, text: '850 ns' },
    { format: units.formatNanoseconds, value: 8_500, text: '8.50 µs' },
    { format: units.formatBytes, value: 151, text: '151 B' },
    { format: units.formatBytes, value: 1_536, text: '1.50 KiB' },
    { format: units.formatBytes, value: 3 * 2 ** 20, text: '3.00 MiB' },
    { format: units.formatBytes, value: 2 ** 30, text: '1.00 GiB' },
    { format: units.formatPercent, value: 0.123, text: '12.3 %' },
    { format: units.formatChange, value: 1.043, text: '+4.3 %' },
    { format: units.formatChange, value: 0.5, text: '−50 %' },
    { format: units.formatChange, value: 0.957, text: '−4.3 %' },
    { format: units.formatChange, value: 2.5, text: '+150 %' },
    { format: units.formatChange, value: 1, text: '±0.0 %' },
  ])('$value is shown as $text', ({ format, value, text }) => {
    expect(format(value)).toBe(text);
  });
});

describe('what is written on the command line', () => {
  test.each([0.25, 1, 500, 999, 1_000, 1_500, 10_000, 60_000, 90_000, 120_000, 3_600_000])(
    'a duration of %d ms is read back',
    (ms) => {
      expect(parseDurationMs(units.formatDurationMs(ms))).toEqual({ value: ms });
    },
  );

  test.each([1, 128, 1_000, 1_024, 1_536, 65_535, 65_536, 1_048_576])(
    'a size of %d bytes is read back',
    (bytes) => {
      expect(parseSizeBytes(units.formatSize(bytes))).toEqual({ value: bytes });
    },
  );

  test.each([
    [60_000, '1m'],
    [86_400_000, '24h'],
    [5_400_000, '90m'],
    [90_000, '90s'],
    [500, '500ms'],
  ])('%d ms is written %s', (ms, text) => {
    expect(units.formatDurationMs(ms)).toBe(text);
  });

  test.each([
    [1_048_576, '1MiB'],
    [16_384, '16KiB'],
    [1_000, '1000B'],
  ])('%d bytes are written %s', (bytes, text) => {
    expect(units.formatSize(bytes)).toBe(text);
  });
});
