/**
 * What happened when a connection was lost: how long it was away, and what it was given afterwards.
 *
 *     lost          welcome {replay: 3}     1  2  3   live …
 *      |------ away ------|---- replayed ----|
 */
import type { PushedEvent } from './pushed-event.ts';

/** How events are called in a sum, by their names. */
const NOUNS: Readonly<Record<string, readonly [string, string]>> = {
  message: ['message', 'messages'],
  quote: ['quote', 'quotes'],
  time: ['tick of the clock', 'ticks of the clock'],
};

export class Outage {
  private readonly lostAt: Date;
  private readonly lostMs: number;
  private backMs: number | undefined;
  private sameSession = false;
  private expected = 0;
  private readonly replayed: PushedEvent[] = [];

  /** @param lostMs on the clock of `performance.now()` */
  constructor(lostAt: Date, lostMs: number) {
    this.lostAt = lostAt;
    this.lostMs = lostMs;
  }

  /** @param expected how many events the server says will follow that were missed */
  back(backMs: number, sameSession: boolean, expected: number): void {
    this.backMs = backMs;
    this.sameSession = sameSession;
    this.expected = expected;
  }

  /** Takes an event that came after `back`. @returns whether it was replayed, and is not news */
  take(event: PushedEvent): boolean {
    // What is told to one session only has no id, and may come in between.
    if (!this.isBack || this.isOver || event.id === '') return false;
    this.replayed.push(event);
    return true;
  }

  get isBack(): boolean {
    return this.backMs !== undefined;
  }

  /** Whether everything that was missed has come, too. */
  get isOver(): boolean {
    return this.isBack && this.replayed.length >= this.expected;
  }

  /** What can be said so far. */
  get says(): string {
    const cut = `Cut at ${clockTime(this.lostAt)}`;
    if (this.backMs === undefined) return `${cut}, away`;
    const away = Math.round(this.backMs - this.lostMs).toLocaleString('en-US');
    const { length } = this.replayed;
    const events = `${length} ${length === 1 ? 'event' : 'events'} replayed`;
    const parts = length === 0 ? '' : ` (${this.parts()})`;
    const who = this.sameSession ? 'the same session' : 'a new session';
    return `${cut}, back after ${away} ms as ${who}, ${events}${parts}.`;
  }

  private parts(): string {
    const counts = new Map<string, number>();
    for (const { name } of this.replayed) counts.set(name, (counts.get(name) ?? 0) + 1);
    return [...counts]
      .map(([name, count]) => {
        const [one, many] = NOUNS[name] ?? [name, name];
        return `${count} ${count === 1 ? one : many}`;
      })
      .join(', ');
  }
}

/** 09:41:07.123, local time. */
export function clockTime(date: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const ms = String(date.getMilliseconds()).padStart(3, '0');
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${ms}`;
}
