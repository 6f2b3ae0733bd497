/**
 * Round trips as the side that starts them sees them: requests in a generator worker, questions in the
 * server. It sends nothing and reads no clock; it is told what happened, and when.
 *
 *     due ── sent ── part ── part ── answered          one trip; every interval in µs
 *      ├────────────── due ──────────────┤             the headline: a late sending counts
 *              ├────── sent ─────────────┤
 *      ├──── first ───┤  ├ gap ┤
 */
import { NS_PER_MS, NS_PER_US } from './clock.ts';
import type { Histogram } from './histogram.ts';
import { createHistogram, encodeHistogram, HIGHEST_US, valueAtQuantile } from './histogram.ts';
import type { TripCounts, TripReport } from './process-reports.ts';
import type { Schedule } from './schedule.ts';

export interface TripOptions {
  /** All round trips of the phase, those that other processes start included. */
  readonly schedule: Schedule;
  /** When the schedule starts, ns since the epoch. */
  readonly startNs: number;
  /** How long after its due time an answer is still in time. */
  readonly timeoutMs: number;
  /** How many of the schedule this process starts; left out, all. */
  readonly planned?: number;
}

/** What is known of one round trip, a byte for each of the schedule; 0 before it was sent. */
const UNDER_WAY = 1;
const ANSWERED = 2;
const FAILED = 3;
const TIMED_OUT = 4;
/** Given up by whoever asked; the other side may still say that it heard. */
const CANCELLED = 5;
const CANCELLED_ENDED = 6;

/** Runs once per event of a load, so it keeps its state in typed arrays and allocates nothing. */
export class TripRecorder {
  /** Called once, when all sending is done and every round trip that was sent has an outcome. */
  onComplete: () => void = () => undefined;

  private readonly schedule: Schedule;
  private readonly startNs: number;
  private readonly timeoutNs: number;
  private readonly planned: number;

  private readonly state: Uint8Array;
  private readonly sentAt: Float64Array;
  /** When the latest part came; 0 before the first. */
  private readonly partAt: Float64Array;
  private readonly cells: Uint32Array;

  private readonly due = createHistogram();
  private readonly sinceSent = createHistogram();
  private readonly slip = createHistogram();
  private readonly first = createHistogram();
  private readonly gap = createHistogram();
  private readonly overhead = createHistogram();

  private sendingOver = false;
  private told = false;
  /** Sent and without an outcome. */
  private underWay = 0;
  private firstSentAt = 0;
  private lastSentAt = 0;
  private lastAnsweredAt: number | undefined;

  private sentCount = 0;
  private answeredCount = 0;
  private late = 0;
  private errors = 0;
  private duplicated = 0;
  private foreignCount = 0;
  private cancelledCount = 0;
  private parts = 0;
  private partsAfterCancel = 0;
  private beforeDue = 0;

  constructor({ schedule, startNs, timeoutMs, planned = schedule.count }: TripOptions) {
    this.schedule = schedule;
    this.startNs = startNs;
    this.timeoutNs = timeoutMs * NS_PER_MS;
    this.planned = planned;
    this.state = new Uint8Array(schedule.count);
    this.sentAt = new Float64Array(schedule.count);
    this.partAt = new Float64Array(schedule.count);
    this.cells = new Uint32Array(schedule.count);
  }

  /** Whether every round trip that was sent has an outcome. What is simply missing has none. */
  get complete(): boolean {
    return this.sendingOver && this.underWay === 0;
  }

  get answeredSoFar(): number {
    return this.answeredCount;
  }

  /** due → answered so far, µs */
  get p99SoFar(): number | undefined {
    return valueAtQuantile(this.due, 0.99);
  }

  /** To be called before the bytes leave: an answer may come while they are being written. */
  sent(index: number, sentAt: number): void {
    this.state[index] = UNDER_WAY;
    this.sentAt[index] = sentAt;
    if (this.sentCount === 0) this.firstSentAt = sentAt;
    this.lastSentAt = sentAt;
    this.sentCount += 1;
    this.underWay += 1;
    // Not by take(): what is sent before it is due is a fault of the ticker, not of the other side.
    const lateUs = Math.floor((sentAt - this.dueAt(index)) / NS_PER_US);
    this.slip.recordValue(Math.max(0, Math.min(HIGHEST_US, lateUs)));
  }

  /** Part of an answer. */
  part(index: number, at: number): void {
    const state = this.state[index];
    if (state === UNDER_WAY || state === CANCELLED || state === TIMED_OUT) {
      this.parts += 1;
      if (state === CANCELLED) this.partsAfterCancel += 1;
      const before = this.partAt[index] ?? 0;
      if (before === 0) this.take(this.first, at - this.dueAt(index));
      else this.take(this.gap, at - before);
      this.partAt[index] = at;
    } else if (state === CANCELLED_ENDED) {
      this.parts += 1;
      this.partsAfterCancel += 1;
    } else this.foreign();
  }

  /** @param workedNs how long the other side says it worked, where it does */
  answered(index: number, at: number, workedNs?: number): void {
    const state = this.state[index];
    switch (state) {
      case UNDER_WAY:
      case TIMED_OUT:
        break;
      case CANCELLED:
        // Neither an answer nor an error: it says that the cancel arrived, or crossed the answer.
        this.state[index] = CANCELLED_ENDED;
        return;
      case ANSWERED:
      case FAILED:
      case CANCELLED_ENDED:
        this.duplicated += 1;
        return;
      default:
        this.foreign();
        return;
    }
    this.state[index] = ANSWERED;
    this.answeredCount += 1;
    this.lastAnsweredAt = at;
    const sinceDue = at - this.dueAt(index);
    if (this.take(this.due, sinceDue)) {
      this.take(this.sinceSent, at - (this.sentAt[index] ?? 0));
      if (workedNs !== undefined) this.take(this.overhead, sinceDue - workedNs);
    }
    if (sinceDue > this.timeoutNs) this.late += 1;
    this.cells[index] = Math.max(0, Math.floor(sinceDue / NS_PER_US)) + 1;
    if (state === UNDER_WAY) this.settle();
  }

  /** The other side answered with an error, or did not take it at all. */
  failed(index: number): void {
    const state = this.state[index];
    switch (state) {
      case UNDER_WAY:
      case TIMED_OUT:
        this.state[index] = FAILED;
        this.errors += 1;
        // One that had timed out is settled already.
        if (state === UNDER_WAY) this.settle();
        return;
      case CANCELLED:
        this.state[index] = CANCELLED_ENDED;
        return;
      case ANSWERED:
      case FAILED:
      case CANCELLED_ENDED:
        this.duplicated += 1;
        return;
      default:
        this.foreign();
    }
  }

  /** Nobody waits for its answer any more; one that still comes is late. */
  timedOut(index: number): void {
    if (this.state[index] !== UNDER_WAY) return;
    this.state[index] = TIMED_OUT;
    this.settle();
  }

  /** Whoever asked has given it up, which is its outcome: the other side need not say that it heard. */
  cancelled(index: number): void {
    if (this.state[index] !== UNDER_WAY) return;
    this.state[index] = CANCELLED;
    this.cancelledCount += 1;
    this.settle();
  }

  /** An answer to nothing that was asked here. */
  foreign(): void {
    this.foreignCount += 1;
  }

  /** Nothing more will be sent. */
  sendingDone(): void {
    this.sendingOver = true;
    this.tell();
  }

  report(): TripReport {
    const counts: TripCounts = {
      planned: this.planned,
      sent: this.sentCount,
      answered: this.answeredCount,
      late: this.late,
      errors: this.errors,
      duplicated: this.duplicated,
      foreign: this.foreignCount,
      cancelled: this.cancelledCount,
      parts: this.parts,
      partsAfterCancel: this.partsAfterCancel,
      beforeDue: this.beforeDue,
    };
    return {
      counts,
      due: encodeHistogram(this.due),
      sent: encodeHistogram(this.sinceSent),
      slip: encodeHistogram(this.slip),
      first: encodeIfAny(this.first),
      gap: encodeIfAny(this.gap),
      overhead: encodeIfAny(this.overhead),
      cells: this.cells,
      firstSentAt: this.firstSentAt,
      lastSentAt: this.lastSentAt,
      lastAnsweredAt: this.lastAnsweredAt,
    };
  }

  private dueAt(index: number): number {
    return this.startNs + this.schedule.dueAt(index);
  }

  private settle(): void {
    this.underWay -= 1;
    this.tell();
  }

  private tell(): void {
    if (this.told || !this.complete) return;
    this.told = true;
    this.onComplete();
  }

  /** @returns false for an interval that ends before it begins: a fault of the clocks, never clamped away */
  private take(histogram: Histogram, ns: number): boolean {
    if (ns < 0) {
      this.beforeDue += 1;
      return false;
    }
    histogram.recordValue(Math.min(HIGHEST_US, Math.floor(ns / NS_PER_US)));
    return true;
  }
}

function encodeIfAny(histogram: Histogram): string | undefined {
  return histogram.totalCount === 0 ? undefined : encodeHistogram(histogram);
}
