import { describe, expect, test } from 'vitest';
import { median } from '../../core/median.ts';
import { createRandom } from '../../core/random.ts';
import { mser5, trend } from '../../core/warmup.ts';

describe('MSER-5', () => {
  const steady = (n: number) => Array.from({ length: n }, (_, i) => 10 + (i % 2));

  test('cuts exactly the transient off', () => {
    expect(mser5([...new Array<number>(20).fill(100), ...steady(80)])?.cut).toBe(20);
  });

  test('cuts to the end of the batch in which the transient ends', () => {
    expect(mser5([...new Array<number>(17).fill(100), ...steady(83)])?.cut).toBe(20);
  });

  test('weighs the squares against the count as worked by hand', () => {
    // Seven batches 3 2 1 1 1 1 1: Σ(z − z̄)²/m² is 3.43/49, 0.83/36 and then 0/25.
    const series = [3, 2, 1, 1, 1, 1, 1].flatMap((z) => new Array<number>(5).fill(z));
    expect(mser5(series)).toEqual({ cut: 10, batches: [3, 2, 1, 1, 1, 1, 1], pastHalf: false });
  });

  test('cuts nothing from a constant series', () => {
    expect(mser5(new Array<number>(100).fill(0.1))).toMatchObject({ cut: 0, pastHalf: false });
  });

  test('finds the knee of a decay under noise, give or take the noise', () => {
    const random = createRandom(3);
    const decay = () =>
      Array.from({ length: 400 }, (_, i) => 100 + 80 * Math.exp(-i / 15) + random.normal());
    const cuts = Array.from({ length: 300 }, () => mser5(decay())?.cut ?? 0);
    // At about five time constants the bias, 80·e^-5, is half a standard deviation.
    expect(median(cuts)).toBeGreaterThanOrEqual(60);
    expect(median(cuts)).toBeLessThanOrEqual(90);
  });

  test.each([
    { length: 50, low: 0, high: 0 },
    { length: 100, low: 0.1, high: 0.18 },
    { length: 400, low: 0, high: 0.03 },
  ])('$length values of pure noise are cut past half in $low to $high of series', (row) => {
    const random = createRandom(4);
    const noise = () => Array.from({ length: row.length }, random.normal);
    const alarms = Array.from({ length: 1000 }, () => mser5(noise())).filter((t) => t?.pastHalf);
    expect(alarms.length / 1000).toBeGreaterThanOrEqual(row.low);
    expect(alarms.length / 1000).toBeLessThanOrEqual(row.high);
  });

  test('a level that changes late is cut past half, and says so', () => {
    const series = [...steady(70), ...steady(40).map((value) => value + 50)];
    expect(mser5(series)).toMatchObject({ cut: 70, pastHalf: true });
  });

  test('leaves a remainder out of the batches', () => {
    expect(mser5(steady(34))?.batches).toHaveLength(6);
  });

  test('has no answer below 30 values', () => {
    expect(mser5(steady(29))).toBeUndefined();
  });
});

describe('the trend of a series', () => {
  test('ten rising values: S = 45, variance 125, z = 44/√125', () => {
    const rising = trend([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(rising).toMatchObject({ slope: 1, relativeChange: 9 / 5.5, significant: true });
    expect(rising?.p).toBeCloseTo(8.3e-5, 6);
  });

  test('ties shrink the variance: five pairs give S = 40, variance 120', () => {
    expect(trend([1, 1, 2, 2, 3, 3, 4, 4, 5, 5])?.p).toBeCloseTo(3.706e-4, 6);
  });

  test('a fall is as significant as a rise, with the opposite slope', () => {
    const values = [1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4, 5, 6];
    const [up, down] = [trend(values), trend([...values].reverse())];
    expect(down?.p).toBe(up?.p);
    expect(down?.slope).toBe(-(up?.slope ?? Number.NaN));
  });

  test('a constant series has none', () => {
    const flat = new Array<number>(20).fill(3);
    expect(trend(flat)).toEqual({ slope: 0, relativeChange: 0, p: 1, significant: false });
  });

  test('one outlier moves neither slope nor p much', () => {
    const series = Array.from({ length: 30 }, (_, i) => 100 + i);
    const disturbed = series.with(3, 10_000);
    expect(trend(disturbed)?.slope).toBeCloseTo(1, 1);
    expect(trend(disturbed)?.significant).toBe(true);
  });

  test('white noise is called a trend in about 5 % of series', () => {
    const random = createRandom(21);
    const series = () => Array.from({ length: 24 }, random.normal);
    const alarms = Array.from({ length: 2000 }, () => trend(series())).filter(
      (t) => t?.significant,
    );
    expect(alarms.length / 2000).toBeGreaterThan(0.03);
    expect(alarms.length / 2000).toBeLessThan(0.065);
  });

  test('around a median of 0 the change has no relative size', () => {
    expect(trend([-5, -4, -3, -2, -1, 0, 0, 1, 2, 3, 4, 5])?.relativeChange).toBeUndefined();
  });

  test('has no answer below ten values', () => {
    expect(trend([1, 2, 3, 4, 5, 6, 7, 8, 9])).toBeUndefined();
  });
});
