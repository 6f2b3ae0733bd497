/**
 * The messages that each client wants of those published before it came: what of it has come, and how long
 * that took from the call to connect. They are no deliveries of a phase, so they have a count of their own.
 */
import { NS_PER_US } from '../core/clock.ts';
import type { HistoryOrder } from '../core/control.ts';
import type { EncodedHistogram } from '../core/histogram.ts';
import {
  createHistogram,
  decodeHistogram,
  encodeHistogram,
  HIGHEST_US,
} from '../core/histogram.ts';
import type { HistoryReport, PhaseReport } from '../core/process-reports.ts';
import { mergeEncoded } from './trips.ts';

export class History {
  /** Called once, when every client that is awaited has its whole history. */
  onComplete: () => void = () => undefined;

  private readonly order: HistoryOrder;
  private readonly clients: number;
  /** Per client: when it began to connect; the number expected next; how many have come. */
  private readonly startedAt: Float64Array;
  private readonly next: Float64Array;
  private readonly taken: Float64Array;
  private readonly latency = createHistogram();
  private received = 0;
  private repeated = 0;
  private awaited: number;

  constructor(order: HistoryOrder, clients: number) {
    this.order = order;
    this.clients = clients;
    this.startedAt = new Float64Array(clients);
    this.next = new Float64Array(clients).fill(order.firstSeq);
    this.taken = new Float64Array(clients);
    this.awaited = clients;
  }

  /** Whether there is nobody left to wait for. */
  get complete(): boolean {
    return this.awaited === 0 || this.order.count === 0;
  }

  started(client: number, at: number): void {
    this.startedAt[client] = at;
  }

  /** A client that could not connect: it will get nothing, which counts as missing. */
  absent(): void {
    this.settle();
  }

  /** @returns false where the message is of no history */
  take(client: number, seq: number, at: number): boolean {
    const { firstSeq, count } = this.order;
    if (seq < firstSeq || seq >= firstSeq + count) return false;
    if (seq < (this.next[client] ?? 0)) {
      this.repeated += 1;
      return true;
    }
    this.next[client] = seq + 1;
    this.received += 1;
    const taken = (this.taken[client] ?? 0) + 1;
    this.taken[client] = taken;
    if (taken === count) {
      const us = Math.floor((at - (this.startedAt[client] ?? 0)) / NS_PER_US);
      this.latency.recordValue(Math.max(0, Math.min(HIGHEST_US, us)));
      this.settle();
    }
    return true;
  }

  report(): HistoryReport {
    return {
      clients: this.clients,
      expected: this.clients * this.order.count,
      received: this.received,
      repeated: this.repeated,
      latency: encodeHistogram(this.latency),
    };
  }

  private settle(): void {
    this.awaited -= 1;
    if (this.awaited === 0) this.onComplete();
  }
}

/** Resolves when nobody is waited for any more, or after `deadlineMs`. */
export function historiesSettled(history: History, deadlineMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (history.complete) {
      resolve();
      return;
    }
    const timer = setTimeout(resolve, deadlineMs);
    history.onComplete = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** Of all workers together; undefined where nobody wanted any. */
export function sumHistories(
  reports: readonly Pick<PhaseReport, 'history'>[],
): { probes: Record<string, number>; latency: EncodedHistogram } | undefined {
  const histories = reports.flatMap(({ history }) => history ?? []);
  if (histories.length === 0) return undefined;
  const sum = (pick: (report: HistoryReport) => number): number =>
    histories.reduce((total, report) => total + pick(report), 0);
  const latency = mergeEncoded(histories.map((report) => report.latency));
  return {
    latency,
    probes: {
      historyExpected: sum(({ expected }) => expected),
      historyReceived: sum(({ received }) => received),
      historyRepeated: sum(({ repeated }) => repeated),
      historyIncomplete: sum(({ clients }) => clients) - decodeHistogram(latency).totalCount,
    },
  };
}
