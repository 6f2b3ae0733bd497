/** What several processes of one server answer, told as the answer of one. */
import { expect, test } from 'vitest';
import { mergers } from '../../servers/answers.ts';

test('heartbeats are those of all processes', () => {
  const sent = [120, 80, 101].map((count) => ({ kind: 'beating', sent: count }) as const);
  const [first, ...rest] = sent;
  if (first === undefined) throw new Error('nobody answered');
  expect(mergers.beating([first, ...rest])).toEqual({ kind: 'beating', sent: 301 });
});

test('connections that have ended are told in the order in which they did', () => {
  const ended = (at: number) => ({ at, why: 'silent' }) as const;
  expect(
    mergers
      .closures([
        { kind: 'closures', closures: [ended(2), ended(5)] },
        { kind: 'closures', closures: [ended(1), ended(3)] },
      ])
      .closures.map(({ at }) => at),
  ).toEqual([1, 2, 3, 5]);
});

test('what is buffered or dropped is added up, and of what each was given the most is told', () => {
  const gauge = { at: 1, bufferedBytes: 10, published: 7, dropped: 1, expelled: 0 };
  expect(
    mergers.gauged([
      { kind: 'gauged', gauge },
      { kind: 'gauged', gauge: { ...gauge, at: 3, published: 9, expelled: 2 } },
    ]).gauge,
  ).toEqual({ at: 3, bufferedBytes: 20, published: 9, dropped: 2, expelled: 2 });
});
