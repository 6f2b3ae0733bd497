import { describe, expect, test } from 'vitest';
import { createHistogram } from '../../core/histogram.ts';
import { quantileOfExpected } from '../../reports/metrics/latency.ts';

function histogramOf(values: readonly number[]) {
  const histogram = createHistogram();
  for (const value of values) histogram.recordValue(value);
  return histogram;
}

const deadlineUs = 1_000;
/** 1, 2, … n µs. */
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);

interface Case {
  readonly says: string;
  readonly received: readonly number[];
  readonly lost: number;
  readonly quantile: number;
  readonly value: number | undefined;
}

const cases: readonly Case[] = [
  { says: 'half of 100', received: upTo(100), lost: 0, quantile: 0.5, value: 50 },
  { says: '99 of 100', received: upTo(100), lost: 0, quantile: 0.99, value: 99 },
  { says: 'all of 100', received: upTo(100), lost: 0, quantile: 1, value: 100 },
  { says: '999 of 1,000', received: upTo(1_000), lost: 0, quantile: 0.999, value: 999 },
  { says: 'half of one', received: [7], lost: 0, quantile: 0.5, value: 7 },
  { says: 'half of three is the middle', received: [5, 1, 9], lost: 0, quantile: 0.5, value: 5 },
  { says: 'losses push the median up', received: upTo(100), lost: 100, quantile: 0.5, value: 100 },
  {
    says: 'losses push the 90th percentile up',
    received: upTo(95),
    lost: 5,
    quantile: 0.9,
    value: 90,
  },
  {
    says: 'the last that arrived is still a value',
    received: upTo(99),
    lost: 1,
    quantile: 0.99,
    value: 99,
  },
  {
    says: 'one that is lost is beyond the deadline',
    received: upTo(98),
    lost: 2,
    quantile: 0.99,
    value: deadlineUs,
  },
  {
    says: 'the maximum with any loss is beyond the deadline',
    received: upTo(100),
    lost: 1,
    quantile: 1,
    value: deadlineUs,
  },
  {
    says: 'the median with most lost is beyond the deadline',
    received: upTo(10),
    lost: 11,
    quantile: 0.5,
    value: deadlineUs,
  },
  {
    says: 'a lost one is no earlier than the latest that came',
    received: [5, 1_500],
    lost: 1,
    quantile: 1,
    value: 1_500,
  },
  {
    says: 'all lost is beyond the deadline',
    received: [],
    lost: 10,
    quantile: 0.5,
    value: deadlineUs,
  },
  { says: 'nothing expected is no data', received: [], lost: 0, quantile: 0.5, value: undefined },
];

describe('a quantile of what was expected', () => {
  for (const { says, received, lost, quantile, value } of cases) {
    test(says, () => {
      expect(quantileOfExpected(histogramOf(received), lost, quantile, deadlineUs)).toBe(value);
    });
  }

  test('never falls when deliveries are lost, whichever they are', () => {
    for (let lost = 0; lost <= 100; lost += 1) {
      const slowest = quantileOfExpected(histogramOf(upTo(100 - lost)), lost, 0.5, deadlineUs);
      const fastest = quantileOfExpected(histogramOf(upTo(100).slice(lost)), lost, 0.5, deadlineUs);
      expect(slowest).toBeGreaterThanOrEqual(50);
      expect(fastest).toBeGreaterThanOrEqual(50);
    }
  });
});
