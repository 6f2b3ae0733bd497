import { describe, expect, test } from 'vitest';
import { NS_PER_MS, NS_PER_US } from '../../core/clock.ts';
import { decodeHistogram } from '../../core/histogram.ts';
import type { TripCounts } from '../../core/process-reports.ts';
import { createSchedule } from '../../core/schedule.ts';
import { TripRecorder } from '../../core/trip-recorder.ts';

/** Five round trips, 1 ms apart, from the tenth millisecond on. */
const schedule = createSchedule({ pacing: 'constant', ratePerS: 1_000, durationMs: 5, seed: 1 });
const startNs = 10 * NS_PER_MS;
const due = (index: number, afterUs = 0): number =>
  startNs + index * NS_PER_MS + afterUs * NS_PER_US;

const newRecorder = (planned?: number): TripRecorder =>
  new TripRecorder({
    schedule,
    startNs,
    timeoutMs: 100,
    ...(planned === undefined ? {} : { planned }),
  });

/** All of them under way, each sent 50 µs late. */
function sentAll(): TripRecorder {
  const recorder = newRecorder();
  for (let index = 0; index < 5; index += 1) recorder.sent(index, due(index, 50));
  return recorder;
}

const none: TripCounts = {
  planned: 5,
  sent: 5,
  answered: 0,
  late: 0,
  errors: 0,
  duplicated: 0,
  foreign: 0,
  cancelled: 0,
  parts: 0,
  partsAfterCancel: 0,
  beforeDue: 0,
};

interface Case {
  readonly says: string;
  readonly does: (recorder: TripRecorder) => void;
  readonly counts: Partial<TripCounts>;
}

const cases: readonly Case[] = [
  {
    says: 'answers in any order are all counted',
    does: (recorder) => {
      for (const index of [4, 0, 3, 1, 2]) recorder.answered(index, due(5));
    },
    counts: { answered: 5 },
  },
  {
    says: 'an answer at the timeout is in time, one after it is late',
    does: (recorder) => {
      recorder.answered(0, due(0, 100_000));
      recorder.answered(1, due(1, 100_001));
    },
    counts: { answered: 2, late: 1 },
  },
  {
    says: 'a second answer is a duplicate, whatever the first was',
    does: (recorder) => {
      recorder.answered(0, due(1));
      recorder.answered(0, due(2));
      recorder.failed(1);
      recorder.answered(1, due(2));
      recorder.answered(2, due(3));
      recorder.failed(2);
    },
    counts: { answered: 2, errors: 1, duplicated: 3 },
  },
  {
    says: 'an answer to what is not on the schedule is foreign',
    does: (recorder) => {
      recorder.answered(5, due(6));
      recorder.answered(-1, due(6));
      recorder.answered(Number.NaN, due(6));
      recorder.part(7, due(6));
      recorder.failed(8);
      recorder.foreign();
    },
    counts: { foreign: 6 },
  },
  {
    says: 'an error is no answer',
    does: (recorder) => recorder.failed(3),
    counts: { errors: 1 },
  },
  {
    says: 'an answer after the time-out of whoever asked still counts, as late',
    does: (recorder) => {
      recorder.timedOut(0);
      recorder.answered(0, due(0, 200_000));
    },
    counts: { answered: 1, late: 1 },
  },
  {
    says: 'an error after the time-out is an error',
    does: (recorder) => {
      recorder.timedOut(0);
      recorder.failed(0);
    },
    counts: { errors: 1 },
  },
  {
    says: 'a cancelled one that is ended is neither answer nor error',
    does: (recorder) => {
      recorder.cancelled(0);
      recorder.answered(0, due(1));
      recorder.cancelled(1);
      recorder.failed(1);
    },
    counts: { cancelled: 2 },
  },
  {
    says: 'a cancelled one that is ended twice has a duplicate',
    does: (recorder) => {
      recorder.cancelled(0);
      recorder.answered(0, due(1));
      recorder.answered(0, due(1));
    },
    counts: { cancelled: 1, duplicated: 1 },
  },
  {
    says: 'what has its outcome cannot be cancelled or time out',
    does: (recorder) => {
      recorder.answered(0, due(1));
      recorder.cancelled(0);
      recorder.timedOut(0);
      recorder.cancelled(1);
      recorder.cancelled(1);
    },
    counts: { answered: 1, cancelled: 1 },
  },
  {
    says: 'parts after the cancel are counted apart, also when it has been ended',
    does: (recorder) => {
      recorder.part(0, due(1));
      recorder.cancelled(0);
      recorder.part(0, due(2));
      recorder.answered(0, due(3));
      recorder.part(0, due(4));
    },
    counts: { cancelled: 1, parts: 3, partsAfterCancel: 2 },
  },
  {
    says: 'a part after the answer belongs to nothing',
    does: (recorder) => {
      recorder.answered(0, due(1));
      recorder.part(0, due(2));
    },
    counts: { answered: 1, foreign: 1 },
  },
  {
    says: 'an answer before the sending shows that the clocks disagree',
    does: (recorder) => recorder.answered(0, due(0, -1)),
    counts: { answered: 1, beforeDue: 1 },
  },
  {
    says: 'more work than the round trip took shows it too',
    does: (recorder) => recorder.answered(0, due(0, 100), 101 * NS_PER_US),
    counts: { answered: 1, beforeDue: 1 },
  },
];

describe('of round trips', () => {
  test.each(cases)('$says', ({ does, counts }) => {
    const recorder = sentAll();
    does(recorder);
    expect(recorder.report().counts).toEqual({ ...none, ...counts });
  });

  test('those of other processes are not planned here, and an answer to them is foreign', () => {
    const recorder = newRecorder(3);
    for (const index of [0, 2, 4]) recorder.sent(index, due(index));
    recorder.answered(1, due(2));
    expect(recorder.report().counts).toEqual({ ...none, planned: 3, sent: 3, foreign: 1 });
  });
});

/** The one value a histogram holds. */
function only(encoded: string | undefined): number {
  if (encoded === undefined) throw new Error('there is no such histogram');
  const histogram = decodeHistogram(encoded);
  expect(histogram.totalCount).toBe(1);
  return histogram.minNonZeroValue;
}

describe('the intervals', () => {
  test('count from when it was due, from when it was sent, and without the work', () => {
    const recorder = newRecorder();
    recorder.sent(2, due(2, 300));
    recorder.answered(2, due(2, 1_000), 400 * NS_PER_US);
    const report = recorder.report();
    expect(only(report.slip)).toBe(300);
    expect(only(report.due)).toBe(1_000);
    expect(only(report.sent)).toBe(700);
    expect(only(report.overhead)).toBe(600);
    expect([...report.cells]).toEqual([0, 0, 1_001, 0, 0]);
    expect(report).toMatchObject({
      firstSentAt: due(2, 300),
      lastSentAt: due(2, 300),
      lastAnsweredAt: due(2, 1_000),
    });
  });

  test('to the first part and between parts are histograms of their own', () => {
    const recorder = newRecorder();
    recorder.sent(0, due(0));
    recorder.part(0, due(0, 200));
    recorder.part(0, due(0, 700));
    recorder.answered(0, due(0, 900));
    const report = recorder.report();
    expect(only(report.first)).toBe(200);
    expect(only(report.gap)).toBe(500);
  });

  test('that nothing was recorded for are left out', () => {
    const recorder = sentAll();
    recorder.answered(0, due(1));
    expect(recorder.report()).toMatchObject({
      first: undefined,
      gap: undefined,
      overhead: undefined,
    });
  });

  test('of what was not answered do not exist', () => {
    const recorder = sentAll();
    recorder.failed(0);
    recorder.timedOut(1);
    recorder.cancelled(2);
    recorder.answered(2, due(3));
    const report = recorder.report();
    expect(decodeHistogram(report.due).totalCount).toBe(0);
    expect([...report.cells]).toEqual([0, 0, 0, 0, 0]);
    expect(report.lastAnsweredAt).toBeUndefined();
  });
});

describe('completion', () => {
  function watched(recorder: TripRecorder): () => number {
    let told = 0;
    recorder.onComplete = () => {
      told += 1;
    };
    return () => told;
  }

  test('is told once, when the last outcome is there', () => {
    const recorder = sentAll();
    const told = watched(recorder);
    recorder.sendingDone();
    recorder.answered(0, due(1));
    recorder.failed(1);
    recorder.cancelled(2);
    recorder.timedOut(3);
    expect([recorder.complete, told()]).toEqual([false, 0]);
    recorder.answered(4, due(5));
    expect([recorder.complete, told()]).toEqual([true, 1]);
    recorder.answered(4, due(5));
    recorder.answered(3, due(5));
    recorder.sendingDone();
    expect(told()).toBe(1);
  });

  test('waits for the end of sending', () => {
    const recorder = newRecorder();
    const told = watched(recorder);
    recorder.sent(0, due(0));
    recorder.answered(0, due(1));
    expect([recorder.complete, told()]).toEqual([false, 0]);
    recorder.sendingDone();
    expect([recorder.complete, told()]).toEqual([true, 1]);
  });

  test('comes at once where nothing was to be sent', () => {
    const recorder = newRecorder(0);
    const told = watched(recorder);
    recorder.sendingDone();
    expect([recorder.complete, told()]).toEqual([true, 1]);
  });
});
