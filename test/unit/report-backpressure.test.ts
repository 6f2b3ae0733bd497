/** What is said of clients that stopped reading: every sentence from a made-up run, of which it is known what is true. */
import { describe, expect, test } from 'vitest';
import type { StallRecord } from '../../core/records/stall.ts';
import type { RunResult, Trial } from '../../core/result.ts';
import { answersOf } from '../../reports/findings/registry.ts';
import { growthText } from '../../reports/findings/stall-memory.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { MIB, stallArms, stallRun, stallTrial } from '../stall-run.ts';

const ROUNDS = [0, 1, 2, 3, 4, 5];

/** The sentence that begins with these words; '' where nothing does. */
function said(run: RunResult, beginning: string): string {
  return answersOf(run).find((text) => text.startsWith(beginning)) ?? '';
}

/** Six rounds of SSE with one client that stops, against as many in which nobody does. */
function rounds(
  change: (round: number, arm: string) => Partial<Parameters<typeof stallTrial>[0]>,
): Trial[] {
  return ROUNDS.flatMap((round) =>
    ['sse', 'sse-calm'].map((arm) => stallTrial({ arm, round, ...change(round, arm) })),
  );
}

const disconnect = (change: Partial<StallRecord>): Partial<StallRecord> => ({
  policy: 'disconnect',
  planned: 2,
  stalled: 2,
  ...change,
});

describe('of the others it is said', () => {
  test.each([
    { us: 1_000, verdict: 'no relevant difference' },
    { us: 2_000, verdict: 'longer' },
    { us: 500, verdict: 'shorter' },
  ])('that $us µs against 1,000 is $verdict', ({ us, verdict }) => {
    const run = stallRun(
      rounds((round, arm) => ({ us: (arm === 'sse' ? us : 1_000) + 2 * round })),
    );
    expect(said(run, 'While 1 of 10 clients read nothing for 4.00 s')).toMatch(
      new RegExp(`over SSE .*, without them .*: ${verdict} at p50\\.`),
    );
  });

  test('that nothing can be said from too few rounds', () => {
    const few = rounds(() => ({})).filter(({ round }) => round < 2);
    expect(said(stallRun(few), 'While')).toContain(': unclear at p50.');
  });

  test('on a route, against the calm arm on that route', () => {
    const on = (arm: string): string => `${arm}@nginx`;
    const trials = rounds((_, arm) => ({ us: arm === 'sse' ? 2_000 : 1_000 })).map((trial) => ({
      ...trial,
      arm: on(trial.arm),
    }));
    const direct = rounds(() => ({ us: 3_000 }));
    const run = stallRun([...direct, ...trials], [...stallArms(), ...stallArms('nginx')]);
    expect(said(run, 'While')).toMatch(
      /over SSE through nginx 2\.00 ms .*, without them 1\.00 ms .*: longer at p50/,
    );
    expect(said(run, 'Of what each')).toContain('more than without them');
    // In one panel, of which the title says so.
    expect(renderHtml(run)).toContain('p99 of those who read, SSE through nginx against calm');
  });
});

describe('of what the server paid it is said', () => {
  const grown = (by: (round: number) => number) =>
    said(
      stallRun(
        rounds((round, arm) =>
          arm === 'sse'
            ? {
                stall: {
                  memory: {
                    rssBefore: 80 * MIB,
                    rssEnd: (81 + by(round)) * MIB,
                    rssMost: 90 * MIB,
                  },
                },
              }
            : {},
        ),
      ),
      'Of what each',
    );

  test('where it was, and what its memory grew by beyond the calm arm, with an interval', () => {
    expect(grown((round) => 2 + round / 10)).toMatch(
      /^Of what each of them did not read, the server had at the last look over SSE 4\.00 MiB of 24\.0 MiB in the kernel and 1\.00 MiB buffered by itself, and its memory grew by 2\.25 MiB per stalled client more than without them \(95 % interval 2\.05 MiB to 2\.45 MiB\)\./,
    );
  });

  test('that nothing can be told from zero where rounds point both ways', () => {
    expect(grown((round) => (round % 3 === 0 ? -3 : 3))).toContain(
      'its memory grew by no more per stalled client than can be told from nothing (95 % interval −2.25 MiB to 4.25 MiB)',
    );
  });

  test('that it grew less, and never by a negative amount', () => {
    expect(grown((round) => -2 - round / 10)).toContain('its memory grew less than without them.');
  });

  test('that one round may be chance', () => {
    expect(growthText({ value: 2 * MIB, interval: undefined })).toMatch(
      /2\.00 MiB .* may be chance/,
    );
    expect(growthText({ value: -2 * MIB, interval: undefined })).toBe(
      'no more than without them in the one round',
    );
  });

  test('over the time until the first was sent away, in the calm arm too', () => {
    const early = (round: number, arm: string) =>
      arm === 'sse'
        ? {
            stall: disconnect({
              evicted: 2,
              closed: 2,
              evictedMs: [500, 500],
              held: {
                ms: 1_450,
                offeredBytes: 5 * MIB,
                bufferedBytes: MIB,
                droppedBytes: 0,
                kernelBytes: 4 * MIB,
              },
              memory: { rssBefore: 80 * MIB, rssEnd: (85 + round / 10) * MIB, rssMost: 90 * MIB },
            }),
          }
        : {
            // It grows by 1 MiB until then, and by 9 in the whole stall.
            stall: {
              memory: { rssBefore: 80 * MIB, rssEnd: 89 * MIB, rssMost: 90 * MIB },
              timeline: [
                { ms: 1_400, rssBytes: 81 * MIB },
                { ms: 4_900, rssBytes: 89 * MIB },
              ],
            },
          };
    expect(said(stallRun(rounds(early)), 'Of what each')).toContain(
      'its memory grew by 2.13 MiB per stalled client',
    );
  });
});

describe('of the fate of the slow it is said', () => {
  const fate = (stall: Partial<StallRecord>, trial: Partial<Trial> = {}): string =>
    said(stallRun([stallTrial({ arm: 'sse', stall, trial })]), 'The policy');

  test('how many were sent away, when, and with what in flight', () => {
    const accounts = { ...stallTrial({ arm: 'sse' }).stall?.accounts, inFlight: 14 };
    const evicted = disconnect({ evicted: 2, closed: 2, evictedMs: [700, 900] });
    expect(fate({ ...evicted, accounts: accounts as StallRecord['accounts'] })).toBe(
      'The policy disconnect sent those away for whom too much was buffered: over SSE 2 of 2 after 800 ms, each with 7 deliveries in flight.',
    );
  });

  test('of how many of them the time is known, where it was not kept of all', () => {
    expect(fate(disconnect({ evicted: 2, closed: 2, evictedMs: [700] }))).toContain(
      '2 of 2 after 700 ms (of the 1 of whom that is known), each with',
    );
  });

  test('that the others of them caught up, and when', () => {
    expect(fate(disconnect({ evicted: 1, closed: 1, evictedMs: [700] }))).toContain(
      '1 of 2 after 700 ms, each with 0 deliveries in flight, caught up 1.50 ms after they read again, with messages up to 2.00 ms old before that',
    );
  });

  test('what each lacks', () => {
    expect(fate({})).toBe(
      'The policy drop-newest left out what came while too much was buffered: over SSE 40 deliveries each, caught up 1.50 ms after they read again, with messages up to 2.00 ms old before that.',
    );
  });

  test('how long everybody waited for them', () => {
    expect(fate({ policy: 'block' }, { probes: { blockedNs: 1e9 } })).toContain(
      'for a bounded time: over SSE publishing stood still for 1.00 s, 40 deliveries each',
    );
  });
});

describe('of the accounts of both ends it is said', () => {
  const beginning = 'What the server says it left out';
  const accountsOf = (disagreement: number | undefined) => {
    const { disagreement: _, ...accounts } = stallTrial({ arm: 'sse' }).stall?.accounts ?? {};
    const made = disagreement === undefined ? accounts : { ...accounts, disagreement };
    return { accounts: made as StallRecord['accounts'] };
  };
  const invalid: Partial<Trial> = { validity: { state: 'invalid', checks: [] } };

  test('that they agree, in every arm, calm ones too', () => {
    const trials = stallArms().map(({ name }) => stallTrial({ arm: name }));
    expect(said(stallRun(trials), beginning)).toBe(
      `${beginning} and what the clients miss agree to the last delivery in all 4 trials.`,
    );
  });

  test('that they disagree where an arm does of which no trial counts', () => {
    const wrong = stallTrial({ arm: 'ws', stall: accountsOf(7), trial: invalid });
    expect(said(stallRun([stallTrial({ arm: 'sse' }), wrong]), beginning)).toBe(
      `${beginning} and what the clients miss disagree in 1 of 2 trials, by 7 deliveries at most.`,
    );
    expect(answersOf(stallRun([wrong]))).toEqual([
      `${beginning} and what the clients miss disagree in 1 of 1 trial, by 7 deliveries at most.`,
    ]);
  });

  test('in how many of them that can be told', () => {
    const unknown = stallTrial({ arm: 'ws', stall: accountsOf(undefined) });
    expect(said(stallRun([stallTrial({ arm: 'sse' }), unknown]), beginning)).toContain(
      'in the 1 of 2 trials in which both can be counted.',
    );
  });
});

describe('it is doubted', () => {
  const doubt = (...trials: Trial[]): string => said(stallRun(trials), 'But ');

  test('nothing where all is as it was to be', () => {
    expect(doubt(stallTrial({ arm: 'sse' }))).toBe('');
    expect(doubt(stallTrial({ arm: 'sse', stall: disconnect({ evicted: 2, closed: 2 }) }))).toBe(
      '',
    );
  });

  test('where little was offered', () => {
    expect(doubt(stallTrial({ arm: 'sse', stall: { offeredBytes: 15 * MIB } }))).toMatch(
      /^But each was offered only 15\.0 MiB, .*: try a longer --stall/,
    );
  });

  test('where a policy had nothing to leave out', () => {
    const { accounts } = stallTrial({ arm: 'sse-calm' }).stall ?? {};
    const stall = { accounts: accounts as StallRecord['accounts'] };
    const idle = 'But in 1 of 2 trials nothing had to be left out';
    expect(doubt(stallTrial({ arm: 'sse', stall }), stallTrial({ arm: 'ws' }))).toContain(idle);
    // Whom everybody waited for lacks nothing.
    const waited = { ...stall, policy: 'block' };
    const trial = { probes: { blockedNs: 5e8 } };
    expect(doubt(stallTrial({ arm: 'sse', stall: waited, trial }))).toBe('');
  });

  test('where some were not sent away, though as many clients were as had stopped', () => {
    const spoilt = disconnect({ evicted: 1, closed: 1, evictedMs: [700, 900], othersClosed: 1 });
    const text = doubt(stallTrial({ arm: 'sse', stall: spoilt }));
    expect(text).toContain('1 of 2 were not sent away');
    expect(text).toContain(
      'in 1 of 1 trial 1 client that read all the time lost the connection too',
    );
    const lost = disconnect({ evicted: 1, closed: 2, evictedMs: [700] });
    expect(doubt(stallTrial({ arm: 'sse', stall: lost }))).toBe(
      'But 1 of 2 lost their connection otherwise, or before they stopped.',
    );
  });

  test('where others were cut off, in trials that do not count because of it', () => {
    const spoilt = stallTrial({
      arm: 'ws',
      stall: { othersClosed: 3 },
      trial: { validity: { state: 'invalid', checks: [] } },
    });
    expect(doubt(stallTrial({ arm: 'sse' }), spoilt)).toBe(
      'But in 1 of 2 trials 3 clients that read all the time lost the connection too.',
    );
  });
});

test('drops are in the tables by every reason that there was, and the reasons add up to the total', () => {
  const probes = { serverDropped: 11, 'drops.newest': 4, 'drops.gone': 7, 'drops.oldest': 0 };
  const run = stallRun([stallTrial({ arm: 'sse', trial: { probes } })]);
  const [sse] = run.trials;
  expect(sse?.metrics).toMatchObject({ 'drops.slow': 11, 'drops.newest': 4, 'drops.gone': 7 });
  const page = renderHtml(run);
  const rowsOf = (label: string): string[] => {
    const from = page.indexOf(label);
    expect(from).toBeGreaterThan(0);
    const table = page.slice(from, page.indexOf('</table>', from));
    return [...table.matchAll(/<tr>.*?<\/tr>/gs)].map(([row]) => row.replace(/<[^>]*>/g, '|'));
  };
  for (const label of [
    'Clients that stop reading, in figures',
    'Slow sessions, order and last messages per arm',
  ]) {
    const rows = rowsOf(label).join('\n');
    expect(rows).toMatch(/drops of the newest\|+4\|/);
    expect(rows).toMatch(/drops to the gone\|+7\|/);
    expect(rows).not.toContain('drops of the oldest');
  }
});
