/** What may be said of an arm that is compared with itself. */
import { describe, expect, test } from 'vitest';
import type { Arm, RunComparison } from '../../core/result.ts';
import { mostByChance, unanswered, verdictsOf } from '../bench/aa-verdicts.ts';
import { armOf, runOf } from '../trip-run.ts';

const arm = (name: string, change: Partial<Arm> = {}): Arm => ({
  ...armOf(name, name),
  transport: 'ws',
  ...change,
});

const comparison = (change: Partial<RunComparison>): RunComparison => ({
  metric: 'request.p50',
  arm: 'ws',
  against: 'ws-2',
  point: {},
  ratio: 1.01,
  rounds: 6,
  verdict: 'same',
  headline: true,
  says: '',
  ...change,
});

const faultsOf = (comparisons: readonly RunComparison[], arms: readonly Arm[]) =>
  verdictsOf({ ...runOf([]), arms: [...arms], comparisons: [...comparisons] }).map(
    ({ fault }) => fault,
  );

const twins = [arm('ws'), arm('ws-2')];

describe('an arm against itself', () => {
  test.each<[verdict: RunComparison['verdict'], ratio: number, fault: string | undefined]>([
    ['same', 1.01, undefined],
    ['unclear', 1.4, undefined],
    ['small-but-real', 1.05, undefined],
    ['small-but-real', 0.95, undefined],
    ['small-but-real', 1.12, undefined],
    ['better', 0.5, 'a difference beyond the margin was claimed where there is none'],
    ['worse', 1.5, 'a difference beyond the margin was claimed where there is none'],
    ['not-comparable', 1, 'there is no answer'],
  ])('that is %s at %d times is judged', (verdict, ratio, fault) => {
    expect(faultsOf([comparison({ verdict, ratio })], twins)).toEqual([fault]);
  });

  test('is found to differ by chance in one of twenty comparisons, and rarely in many', () => {
    const [one] = verdictsOf({
      ...runOf([]),
      arms: [...twins],
      comparisons: [comparison({ verdict: 'small-but-real', ratio: 1.12 })],
    });
    expect(one).toMatchObject({ fault: undefined, found: true });
    // Of 40, two are expected; P(more than 5) is 1.4 %, P(more than 6) 0.3 %.
    expect([1, 5, 20, 40].map(mostByChance)).toEqual([1, 2, 4, 6]);
  });

  test('is not one of another variant or transport, nor a metric that was not named before', () => {
    const calm = arm('ws-2-calm', { variant: 'calm' });
    const sse = arm('sse', { transport: 'sse' });
    const worse = { verdict: 'worse', ratio: 2 } as const;
    const others = [
      comparison({ ...worse, against: 'ws-2-calm' }),
      comparison({ ...worse, against: 'sse' }),
      comparison({ ...worse, headline: false }),
    ];
    expect(faultsOf([...others, comparison({})], [...twins, calm, sse])).toEqual([undefined]);
    expect(faultsOf(others, [...twins, calm, sse])).toEqual([]);
  });

  test('has no answer at a point where nothing was compared', () => {
    const run = {
      ...runOf([], { points: [{ payload: 128 }, { payload: 1_024 }] }),
      arms: twins,
      comparisons: [comparison({ point: { payload: 128 } })],
    };
    expect(unanswered(run, verdictsOf(run))).toEqual(['payload=1024']);
  });
});
