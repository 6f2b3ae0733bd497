/** POSTs of a study: what is counted of a race, and what is said of it. */
import { describe, expect, test } from 'vitest';
import type { Sample } from '../../core/records/study.ts';
import { judgeCell } from '../../loadgen/study/agreement.ts';
import { post } from '../../loadgen/study/measures/post.ts';
import { NEW_CONNECTION, SENT_AGAIN, toldText } from '../../loadgen/study/posting/forced-loss.ts';
import type { Outcome } from '../../loadgen/study/posting/post-client.ts';
import { lossOf } from '../../loadgen/study/posting/post-client.ts';
import type { Attempt } from '../../loadgen/study/posting/race.ts';
import {
  ruleOfThreePer1000,
  SWEEP_MS,
  signedStep,
  tallyRace,
} from '../../loadgen/study/posting/race.ts';

const answered = (request: number, idleMs = 200): Outcome => ({
  how: 'answered',
  receipt: { connection: 1, request, idleMs, arrivals: 1 },
});
const at = (offsetMs: number, outcome: Outcome): Attempt => ({ offsetMs, outcome });
const told502: Outcome = { how: 'status', status: 502 };

describe('a race', () => {
  test('is swept in steps of 2 ms from 20 ms before to 20 ms after', () => {
    expect(SWEEP_MS).toHaveLength(21);
    expect([SWEEP_MS[0], SWEEP_MS[1], SWEEP_MS[10], SWEEP_MS.at(-1)]).toEqual([-20, -18, 0, 20]);
  });

  test('is told by outcomes, by steps, and by who came on a used connection', () => {
    const tally = tallyRace(
      [
        at(-20, answered(2)),
        at(-15.2, answered(2)),
        at(-0.9, told502),
        at(0.4, told502),
        at(0.6, answered(2)),
        at(2.2, { how: 'hung up', code: 'ECONNRESET' }),
        at(12, answered(1)),
        // Opened by another one of the same batch.
        at(14, answered(2, 3)),
        at(16, answered(1)),
        at(18, answered(2)),
        at(22.1, told502),
        at(300, answered(1)),
      ],
      200,
    );
    expect(tally).toEqual({
      attempts: 10,
      late: 2,
      losses: new Map([
        ['502', 2],
        ['hung up', 1],
      ]),
      lostAt: [
        { offsetMs: 0, lost: 2, tried: 3 },
        { offsetMs: 2, lost: 1, tried: 1 },
      ],
      idleBefore: 1,
      idleAfter: 0.25,
    });
    expect(Object.is(tally.lostAt[0]?.offsetMs, 0)).toBe(true);
  });

  test('without an attempt has no shares', () => {
    expect(tallyRace([], 200)).toMatchObject({
      attempts: 0,
      idleBefore: undefined,
      idleAfter: undefined,
    });
  });

  test.each([
    [3_000, 1],
    [300, 10],
    [1, 1_000],
    [0, 1_000],
  ])('of %i attempts without a loss says at most %d in 1,000', (attempts, most) => {
    expect(ruleOfThreePer1000(attempts)).toBe(most);
  });

  test.each([
    [-2, '−2'],
    [0, '0'],
    [4, '+4'],
  ])('writes %i as %s', (ms, text) => {
    expect(signedStep(ms)).toBe(text);
  });

  test.each<[Outcome, string | undefined]>([
    [answered(1), undefined],
    [told502, '502'],
    [{ how: 'hung up', code: 'EPIPE' }, 'hung up'],
    [{ how: 'silent' }, 'silence'],
  ])('takes %j for %s', (outcome, loss) => {
    expect(lossOf(outcome)).toBe(loss);
  });

  test('tells what happened every time without a count', () => {
    expect(toldText(new Map([['502', 10]]))).toBe('502');
    expect(
      toldText(
        new Map([
          ['502', 3],
          ['hung up', 7],
        ]),
      ),
    ).toBe('hung up (7), 502 (3)');
  });
});

describe('a cell of POSTs', () => {
  const sample = (figures: Record<string, number>, facts: Record<string, string>): Sample => ({
    repeat: 0,
    figures: {
      ...{ posts: 50, connections: 1, postMs: 0.4, addedMs: 0.2 },
      ...{ addedLowMs: 0.1, addedHighMs: 0.3, attempts: 1_000, late: 0, lost: 0 },
      ...{ idleBefore: 1, idleAfter: 0, ...figures },
    },
    facts,
  });
  const judged = (route: string, ...samples: Sample[]) =>
    judgeCell(post, { samples }, { route, transport: 'sse', maxMs: 6_000 });
  const bad = { fin: '502', rst: '502' };
  const lost = { lost: 3, lostFromMs: -2, lostToMs: 4, 'told.502': 3 };

  test('counts races over all repeats, and says what the client is told of one that is lost', () => {
    expect(judged('nginx', sample(lost, bad), sample({}, bad), sample({}, bad))).toEqual({
      text: '+200 µs, 1.00 ‰ lost',
      grade: 'fair',
      says: [
        'A POST is answered 200 µs later than directly (half of them between 100 µs and 300 µs later);',
        '50 of them on one connection of the client took 1 to the server.',
        'Where the server ends a connection on which one is just sent, the client is told 502.',
        'Of 3,000 sent within 20 ms of such an end, 3 were lost, 1.00 in 1,000 (502, from −2 ms to +4 ms).',
        'Let the server keep idle connections for longer than the proxy does.',
      ].join(' '),
    });
  });

  test('in which none was lost has a limit, and never a nought', () => {
    const found = judged('nginx', sample({}, bad), sample({}, bad), sample({}, bad));
    expect(found?.text).toBe('+200 µs, < 1.00 ‰ lost');
    expect(found?.says).toContain(
      'fewer than 1.00 in 1,000 are, with 95 % certainty if each is on its own.',
    );
  });

  test.each<[string, string, Sample, object]>([
    [
      'a connection for each',
      'nginx',
      sample({ connections: 50 }, { fin: NEW_CONNECTION, rst: NEW_CONNECTION }),
      {
        text: '+200 µs, none reused',
        grade: 'fair',
        says: expect.stringMatching(
          /50 of them .* took 50 to the server\. None is sent on a connection that was used before, so none can meet its end\.$/,
        ),
      },
    ],
    [
      'one that is sent again',
      'nginx',
      sample({}, { fin: SENT_AGAIN, rst: SENT_AGAIN }),
      { grade: 'good', says: expect.stringContaining('the proxy sends it again') },
    ],
    [
      'a reset that is told in another way',
      'apache',
      sample({}, { fin: '502', rst: 'hung up' }),
      {
        grade: 'fair',
        says: expect.stringContaining(
          'the client is told 502; where it resets it, the client is hung up on without an answer.',
        ),
      },
    ],
    [
      'the direct path, which nothing is added to',
      'direct',
      sample({ ...lost }, { fin: 'hung up', rst: 'hung up' }),
      { text: '400 µs, 3.00 ‰ lost', says: expect.not.stringContaining('for longer than') },
    ],
    [
      'a noise that is larger than what is added',
      'nginx',
      sample({ addedMs: -0.2, addedLowMs: -1 }, { fin: SENT_AGAIN, rst: SENT_AGAIN }),
      {
        text: '-200 µs, < 3.00 ‰ lost',
        says: expect.stringContaining(
          '200 µs sooner than directly (half of them between -1.00 ms and 300 µs later)',
        ),
      },
    ],
    [
      'races that clients were told of in two ways',
      'apache',
      sample({ ...lost, 'told.502': 1, 'told.hung up': 2 }, { fin: 'hung up', rst: 'hung up' }),
      {
        says: expect.stringContaining('3.00 in 1,000 (hung up (2), 502 (1), from −2 ms to +4 ms)'),
      },
    ],
    [
      'a POST that is late',
      'nginx',
      sample({ addedMs: 200 }, { fin: SENT_AGAIN, rst: SENT_AGAIN }),
      { grade: 'bad' },
    ],
    [
      'a sweep that came after the end',
      'nginx',
      sample({ idleBefore: 0.3 }, bad),
      {
        says: expect.stringContaining(
          'Only 30.0 % of those before it came on a connection that had been idle',
        ),
      },
    ],
    [
      'a sweep that came before the end',
      'nginx',
      sample({ idleAfter: 0.9 }, bad),
      { says: expect.stringContaining('the server closed later than it was looked for') },
    ],
    [
      'a busy machine',
      'nginx',
      sample({ late: 250 }, bad),
      { says: expect.stringContaining('The machine was busy: 20.0 % of all were sent too late') },
    ],
  ])('judges %s', (_, route, one, expected) => {
    expect(judged(route, one)).toMatchObject(expected);
  });

  test('over WebSocket says that there are none', () => {
    const samples: Sample[] = [{ repeat: 0, figures: {}, facts: {} }];
    expect(
      judgeCell(post, { samples }, { route: 'nginx', transport: 'ws', maxMs: 1 }),
    ).toMatchObject({ text: '–', grade: 'plain' });
  });
});
