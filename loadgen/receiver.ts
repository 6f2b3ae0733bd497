/**
 * What the generator makes of every message it receives: the delivery ledger per client, two latency
 * histograms, and (for a sample of messages) every single latency. This runs once per delivery, so it
 * allocates nothing, parses no JSON and decodes no text.
 */
import { NS_PER_MS, NS_PER_US } from '../core/clock.ts';
import type { DeliveryCounts, Expectation } from '../core/control.ts';
import type { Histogram } from '../core/histogram.ts';
import { HIGHEST_US } from '../core/histogram.ts';
import { isMessage, readDueAt, readSentAt, readSeq } from '../core/message.ts';
import type { Sink } from '../core/transport.ts';
import { HotHistogram } from './hot-histogram.ts';

/** One phase as its receiver saw it. */
export interface Received {
  readonly counts: DeliveryCounts;
  readonly due: Histogram;
  readonly sent: Histogram;
  readonly cells: Uint32Array;
}

export class Receiver implements Sink {
  /** Every message since the start, of any phase; for bytes per delivery. */
  messages = 0;
  /** Called once when every message of the phase has reached every client of this worker. */
  onComplete: () => void = () => undefined;
  readonly closedCauses = new Map<string, number>();

  private readonly clients: number;
  /** Per client: the sequence number expected next. */
  private readonly next: Float64Array;
  /** Per client: numbers below `next` that have not arrived; made when there is a first gap. */
  private readonly missing: (Set<number> | undefined)[];

  /** Connected clients; the others can complete nothing. */
  open = 0;
  /** When the last delivery of the phase came, ns since the epoch. */
  lastReceivedAt: number | undefined;

  private firstSeq = 0;
  private endSeq = 0;
  private expected = 0;
  private deadlineUs = 0;
  private sampleEvery = 0;
  private cells = new Uint32Array(0);
  private due = new HotHistogram();
  private sent = new HotHistogram();

  private received = 0;
  private duplicated = 0;
  private reordered = 0;
  private late = 0;
  private foreign = 0;
  private beforeDue = 0;

  /** @param clients how many clients this worker has; their indexes are 0 … clients − 1 */
  constructor(clients: number) {
    this.clients = clients;
    this.open = clients;
    this.next = new Float64Array(clients);
    this.missing = new Array<Set<number> | undefined>(clients).fill(undefined);
  }

  /** Whether nothing is missing; at once, where there is nobody to wait for. */
  get complete(): boolean {
    return this.received >= this.expected;
  }

  /** Starts to count a phase. Numbers of earlier phases that still arrive are counted as foreign. */
  expect({ firstSeq, count, deadlineMs, sampleEvery }: Expectation): void {
    this.firstSeq = firstSeq;
    this.endSeq = firstSeq + count;
    this.expected = count * this.open;
    this.deadlineUs = (deadlineMs * NS_PER_MS) / NS_PER_US;
    this.sampleEvery = sampleEvery;
    this.cells = new Uint32Array(
      sampleEvery === 0 ? 0 : Math.ceil(count / sampleEvery) * this.clients,
    );
    this.due = new HotHistogram();
    this.sent = new HotHistogram();
    this.next.fill(firstSeq);
    this.missing.fill(undefined);
    this.lastReceivedAt = undefined;
    this.received = 0;
    this.duplicated = 0;
    this.reordered = 0;
    this.late = 0;
    this.foreign = 0;
    this.beforeDue = 0;
  }

  message(client: number, bytes: Uint8Array, start: number, end: number, receivedAt: number): void {
    this.messages += 1;
    if (!isMessage(bytes, start, end)) {
      this.foreign += 1;
      return;
    }
    const seq = readSeq(bytes, start);
    if (seq < this.firstSeq || seq >= this.endSeq) {
      this.foreign += 1;
      return;
    }
    if (seq === this.next[client]) this.next[client] = seq + 1;
    else if (!this.outOfOrder(client, seq)) return;

    const dueUs = Math.floor((receivedAt - readDueAt(bytes, start)) / NS_PER_US);
    const sentUs = Math.floor((receivedAt - readSentAt(bytes, start)) / NS_PER_US);
    if (dueUs < 0 || sentUs < 0) this.beforeDue += 1;
    else {
      this.due.record(Math.min(dueUs, HIGHEST_US));
      this.sent.record(Math.min(sentUs, HIGHEST_US));
    }
    if (dueUs > this.deadlineUs) this.late += 1;
    const row = seq - this.firstSeq;
    if (this.sampleEvery > 0 && row % this.sampleEvery === 0) {
      this.cells[(row / this.sampleEvery) * this.clients + client] = Math.max(0, dueUs) + 1;
    }
    this.lastReceivedAt = receivedAt;
    this.received += 1;
    if (this.received === this.expected) this.onComplete();
  }

  /** @returns whether this is the first time that this client gets `seq` */
  private outOfOrder(client: number, seq: number): boolean {
    const next = this.next[client] ?? 0;
    let missing = this.missing[client];
    if (seq > next) {
      if (missing === undefined) {
        missing = new Set();
        this.missing[client] = missing;
      }
      for (let skipped = next; skipped < seq; skipped += 1) missing.add(skipped);
      this.next[client] = seq + 1;
      return true;
    }
    if (missing?.delete(seq)) {
      this.reordered += 1;
      return true;
    }
    this.duplicated += 1;
    return false;
  }

  closed(_client: number, cause: string): void {
    this.closedCauses.set(cause, (this.closedCauses.get(cause) ?? 0) + 1);
  }

  get receivedSoFar(): number {
    return this.received;
  }

  /** due → received so far in this phase, µs. */
  get p99SoFar(): number | undefined {
    return this.due.valueAtQuantile(0.99);
  }

  collect(): Received {
    return {
      counts: {
        received: this.received,
        duplicated: this.duplicated,
        reordered: this.reordered,
        late: this.late,
        foreign: this.foreign,
        beforeDue: this.beforeDue,
      },
      due: this.due.toHistogram(),
      sent: this.sent.toHistogram(),
      cells: this.cells,
    };
  }
}
