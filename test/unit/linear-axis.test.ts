/** A tick stands where it says, and zero at the bottom. */
import { describe, expect, test } from 'vitest';
import { fromZero } from '../../reports/html/charts/linear-axis.ts';

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

function ticksOf(values: readonly number[], format: (value: number) => string) {
  const { axis } = fromZero(values, { format });
  const [labels = '[]'] = /^\[[^\]]*\]/.exec(axis.labelExpr) ?? [];
  const names = JSON.parse(labels) as string[];
  return axis.values.map((value, index) => [value, names[index]]);
}

describe('an axis from zero', () => {
  test.each([1, 2, 3, 5, 7, 9, 12, 23, 25, 99, 250, 4_999])(
    'up to %i has each whole number where it stands',
    (highest) => {
      for (const [value, label] of ticksOf([0, highest], whole))
        expect(label).toBe(whole(Number(value)));
      for (const [value] of ticksOf([0, highest], whole)) expect(Number(value) % 1).toBe(0);
    },
  );

  test('of nothing but zeros has its zero at the bottom', () => {
    expect(ticksOf([0, 0], whole)[0]).toEqual([0, '0']);
    expect(fromZero([], { format: whole }).scale.domain).toEqual([0, 1]);
  });

  test('goes below zero where something does', () => {
    expect(fromZero([-3, 5], { format: whole }).scale.domain).toEqual([-4, 6]);
  });
});
