/**
 * What the server has asked its clients and is waiting for: which answer belongs to which question, by an
 * id of its own for each. It sends nothing; whoever opens an ask puts its id on the wire.
 */
import type { Clock } from '../core/clock.ts';
import { NS_PER_MS } from '../core/clock.ts';

export type AskOutcome =
  | { readonly kind: 'answered'; readonly data: unknown }
  /** The client says that it cannot. */
  | { readonly kind: 'failed'; readonly error: string }
  | { readonly kind: 'timeout' }
  /** The client went away, or the server stops. */
  | { readonly kind: 'left' };

export type AskAnswer = { readonly data: unknown } | { readonly error: string };

/** What an answer was good for. */
export type AskResult =
  | 'accepted'
  /** It was answered before. */
  | 'duplicate'
  /** Nobody is waiting any more. */
  | 'late'
  /** This was not asked, or not of this client, or so long ago that it is forgotten. */
  | 'unknown';

export interface AskOptions {
  /** Unique for each start of the server, so that an answer to an earlier one satisfies nothing. */
  readonly instance: string;
  readonly defaultTimeoutMs: number;
  /** How many finished asks are remembered; a later answer to others is `unknown`. Default 10,000. */
  readonly remember?: number;
  readonly setTimer: (act: () => void, ms: number) => { cancel(): void };
  readonly clock: Clock;
}

interface Ask {
  readonly id: string;
  /** The open asks of its owner; stands for the owner, without keeping that in memory. */
  readonly owner: Set<Ask>;
  readonly queue: Queue;
  /** ns of the clock. */
  readonly dueAt: number;
  readonly onOutcome: (outcome: AskOutcome) => void;
  readonly onPart: ((data: unknown) => void) | undefined;
}

/** Open asks with the same timeout, which is the order in which they are due: one timer serves all. */
interface Queue {
  readonly timeoutMs: number;
  readonly asks: Set<Ask>;
  timer: { cancel(): void };
}

interface Finished {
  readonly owner: Set<Ask>;
  readonly result: 'duplicate' | 'late';
}

const REMEMBER = 10_000;
/** Node fires a timer that is set for longer at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export class Asks {
  readonly counters = {
    opened: 0,
    answered: 0,
    failed: 0,
    timedOut: 0,
    left: 0,
    // Answers and parts that satisfied nothing, by why.
    late: 0,
    duplicate: 0,
    unknown: 0,
  };
  private readonly options: AskOptions;
  private readonly remember: number;
  private readonly asks = new Map<string, Ask>();
  private readonly owners = new WeakMap<object, Set<Ask>>();
  private readonly queues = new Map<number, Queue>();
  private readonly finished = new Map<string, Finished>();
  /** Ids of `finished`, a ring: finding the first key of a map costs the more, the more were deleted. */
  private readonly finishedIds: string[] = [];
  private finishedCount = 0;

  constructor(options: AskOptions) {
    this.options = options;
    this.remember = options.remember ?? REMEMBER;
  }

  /** Asks that are open. */
  get pending(): number {
    return this.asks.size;
  }

  /**
   * @param owner who is asked; only its answer counts
   * @param onPart must not throw; parts do not extend the time
   * @returns a promise that is never rejected
   */
  open(
    owner: object,
    timeoutMs?: number,
    onPart?: (data: unknown) => void,
  ): { id: string; outcome: Promise<AskOutcome> } {
    let id = '';
    const outcome = new Promise<AskOutcome>((resolve) => {
      id = this.openWith(owner, timeoutMs, resolve, onPart);
    });
    return { id, outcome };
  }

  /**
   * As `open`, without a promise.
   * @param onOutcome called once, never before this returns; must not throw
   * @returns the id
   */
  openWith(
    owner: object,
    timeoutMs: number | undefined,
    onOutcome: (outcome: AskOutcome) => void,
    onPart?: (data: unknown) => void,
  ): string {
    this.counters.opened += 1;
    const id = `${this.options.instance}-${this.counters.opened.toString(36)}`;
    const queue = this.queueOf(timeoutMs ?? this.options.defaultTimeoutMs);
    const dueAt = this.options.clock() + queue.timeoutMs * NS_PER_MS;
    const ask = { id, owner: this.asksOf(owner), queue, dueAt, onOutcome, onPart };
    this.asks.set(id, ask);
    ask.owner.add(ask);
    queue.asks.add(ask);
    return id;
  }

  answer(owner: object, id: string, answer: AskAnswer): AskResult {
    const ask = this.find(owner, id);
    if (typeof ask === 'string') return ask;
    if ('error' in answer) {
      this.counters.failed += 1;
      this.finish(ask, 'duplicate', { kind: 'failed', error: answer.error });
    } else {
      this.counters.answered += 1;
      this.finish(ask, 'duplicate', { kind: 'answered', data: answer.data });
    }
    return 'accepted';
  }

  /** A part of an answer of which the end is still to come. */
  part(owner: object, id: string, data: unknown): AskResult {
    const ask = this.find(owner, id);
    if (typeof ask === 'string') return ask;
    ask.onPart?.(data);
    return 'accepted';
  }

  /** The owner will not answer any more; costs what it was asked, however many others there are. */
  leave(owner: object): void {
    // Copied, because whoever hears of it may ask again.
    for (const ask of [...(this.owners.get(owner) ?? [])]) this.finishLeft(ask);
  }

  /** Ends all asks and timers. */
  closeAll(): void {
    for (const ask of [...this.asks.values()]) this.finishLeft(ask);
    for (const { timer } of this.queues.values()) timer.cancel();
    this.queues.clear();
  }

  private find(owner: object, id: string): Ask | Exclude<AskResult, 'accepted'> {
    const asked = this.owners.get(owner);
    const ask = this.asks.get(id);
    if (ask !== undefined && ask.owner === asked) return ask;
    const earlier = this.finished.get(id);
    const result = earlier === undefined || earlier.owner !== asked ? 'unknown' : earlier.result;
    this.counters[result] += 1;
    return result;
  }

  private finishLeft(ask: Ask): void {
    // An outcome heard of before may have ended this one too.
    if (!this.asks.has(ask.id)) return;
    this.counters.left += 1;
    this.finish(ask, 'late', { kind: 'left' });
  }

  private finish(ask: Ask, result: Finished['result'], outcome: AskOutcome): void {
    const { id, owner } = ask;
    this.asks.delete(id);
    owner.delete(ask);
    ask.queue.asks.delete(ask);
    this.keep(id, { owner, result });
    ask.onOutcome(outcome);
  }

  /** Remembers one more, in place of the oldest. */
  private keep(id: string, finished: Finished): void {
    if (this.remember === 0) return;
    const slot = this.finishedCount % this.remember;
    const oldest = this.finishedIds[slot];
    if (oldest !== undefined) this.finished.delete(oldest);
    this.finishedIds[slot] = id;
    this.finishedCount += 1;
    this.finished.set(id, finished);
  }

  private asksOf(owner: object): Set<Ask> {
    const asks = this.owners.get(owner) ?? new Set();
    this.owners.set(owner, asks);
    return asks;
  }

  private queueOf(timeoutMs: number): Queue {
    // At least 1, so that who asks again at each timeout does not do so for ever in one go.
    const ms = timeoutMs >= 1 ? timeoutMs : 1;
    const existing = this.queues.get(ms);
    if (existing !== undefined) return existing;
    const queue: Queue = { timeoutMs: ms, asks: new Set(), timer: { cancel: () => undefined } };
    this.queues.set(ms, queue);
    this.wakeAfter(queue, ms);
    return queue;
  }

  private wakeAfter(queue: Queue, ms: number): void {
    const timerMs = Math.min(LONGEST_TIMER_MS, Math.ceil(ms));
    queue.timer = this.options.setTimer(() => this.expire(queue), timerMs);
  }

  /** Ends the asks that are due and sleeps until the next one is. An empty queue is dropped only here. */
  private expire(queue: Queue): void {
    const now = this.options.clock();
    for (const ask of queue.asks) {
      if (ask.dueAt > now) {
        this.wakeAfter(queue, (ask.dueAt - now) / NS_PER_MS);
        return;
      }
      this.counters.timedOut += 1;
      this.finish(ask, 'late', { kind: 'timeout' });
    }
    this.queues.delete(queue.timeoutMs);
  }
}
