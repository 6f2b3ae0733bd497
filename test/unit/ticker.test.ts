import { describe, expect, test } from 'vitest';
import { createClock, NS_PER_MS, newEpoch } from '../../core/clock.ts';
import { createSchedule } from '../../core/schedule.ts';
import { createTicker } from '../../core/ticker.ts';

const schedule = createSchedule({ pacing: 'constant', ratePerS: 500, durationMs: 20, seed: 1 });

describe('a ticker', () => {
  test('fires every event once, in order and never early, of two schedules at one time', async () => {
    const epoch = newEpoch();
    const clock = createClock(epoch);
    const ticker = await createTicker(clock, epoch);
    const fired: [string, number][] = [];
    let early = 0;
    const follow = (name: string, startNs: number): Promise<void> =>
      ticker.run(schedule, startNs, (index, dueAt) => {
        fired.push([name, index]);
        if (clock() < dueAt || dueAt !== startNs + schedule.dueAt(index)) early += 1;
      });
    const startNs = clock() + 5 * NS_PER_MS;
    await Promise.all([follow('a', startNs), follow('b', startNs + NS_PER_MS)]);
    // Once more, on a thread that has been used.
    await follow('c', clock());
    await ticker.close();
    for (const name of ['a', 'b', 'c']) {
      const indexes = fired.filter(([of]) => of === name).map(([, index]) => index);
      expect(indexes).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }
    expect(early).toBe(0);
  });

  test('passes on what the callback throws, and can be used again', async () => {
    const epoch = newEpoch();
    const clock = createClock(epoch);
    const ticker = await createTicker(clock, epoch);
    const failing = ticker.run(schedule, clock(), () => {
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    let fired = 0;
    await ticker.run(schedule, clock(), () => {
      fired += 1;
    });
    await ticker.close();
    expect(fired).toBe(10);
  });
});
