/**
 * The requests of this worker's clients: sent on a schedule whatever the answers do, and followed to
 * their outcome. Of a request it keeps what the recorder keeps, and no object.
 */
import type { Clock } from '../core/clock.ts';
import type { RequestOrder } from '../core/control.ts';
import type { TripReport } from '../core/process-reports.ts';
import { createRandom } from '../core/random.ts';
import type { RequestWriter } from '../core/request-writer.ts';
import { createRequestWriter } from '../core/request-writer.ts';
import type { Schedule } from '../core/schedule.ts';
import { createSchedule } from '../core/schedule.ts';
import type { Ticker } from '../core/ticker.ts';
import type { Client } from '../core/transport.ts';
import { TripRecorder } from '../core/trip-recorder.ts';
import { isErrorAnswer, readNumericId, readPartNumber } from './event-fields.ts';

/** Keeps the choice of cancelled requests apart from the arrivals, which come from the same seed. */
const CANCEL_SEED = 7_919;

export interface RequesterOptions {
  readonly order: RequestOrder;
  /** Number of this worker. */
  readonly worker: number;
  /**
   * Id of request 0. Ids go on from phase to phase, so that what comes late is not taken for the answer
   * to a request of this phase.
   */
  readonly firstId: number;
  readonly clients: readonly (Client | undefined)[];
  readonly clock: Clock;
}

export class Requester {
  /** Called once, when all requests of this worker have an outcome. */
  onComplete: () => void = () => undefined;

  private readonly order: RequestOrder;
  private readonly worker: number;
  private readonly firstId: number;
  private readonly clients: readonly Client[];
  private readonly clock: Clock;
  private readonly recorder: TripRecorder;
  /** Those of this worker alone; event j of it is request j × workers + worker. */
  private readonly schedule: Schedule;
  private readonly write: RequestWriter;
  /** Parts that each answer has; 0 where it comes in one piece. */
  private readonly parts: number;
  /** Parts of each request that have come. */
  private readonly partsOf: Uint32Array;
  /** Undefined where none is cancelled. */
  private readonly toCancel: Uint8Array | undefined;
  private partsMissing = 0;
  private partsOutOfTurn = 0;
  private ticker: Ticker | undefined;

  constructor({ order, worker, firstId, clients, clock }: RequesterOptions) {
    const whole = createSchedule(order.schedule);
    const planned = Math.max(0, Math.ceil((whole.count - worker) / order.workers));
    this.order = order;
    this.worker = worker;
    this.firstId = firstId;
    this.clients = clients.filter((client) => client !== undefined);
    this.clock = clock;
    this.schedule = {
      count: planned,
      dueAt: (event) => whole.dueAt(event * order.workers + worker),
    };
    this.recorder = new TripRecorder({
      schedule: whole,
      startNs: order.startNs,
      timeoutMs: order.timeoutMs,
      planned,
    });
    this.recorder.onComplete = () => this.onComplete();
    this.write = createRequestWriter(order.payloadBytes);
    this.parts = order.work.kind === 'parts' ? order.work.parts : 0;
    this.partsOf = new Uint32Array(this.parts > 0 ? whole.count : 0);
    if (this.parts > 0 && order.cancelShare > 0) {
      this.toCancel = chooseCancelled(order, whole.count);
    }
  }

  get complete(): boolean {
    return this.recorder.complete;
  }

  get answeredSoFar(): number {
    return this.recorder.answeredSoFar;
  }

  get p99SoFar(): number | undefined {
    return this.recorder.p99SoFar;
  }

  /** Sends all requests of this worker. @returns a promise that resolves after the last one */
  async run(ticker: Ticker): Promise<void> {
    this.ticker = ticker;
    if (this.schedule.count > 0 && this.clients.length > 0) {
      const send = (event: number, dueAt: number): void =>
        this.send(event * this.order.workers + this.worker, dueAt);
      await ticker.run(this.schedule, this.order.startNs, send, true);
    }
    this.recorder.sendingDone();
  }

  answer(bytes: Uint8Array, start: number, end: number, receivedAt: number): void {
    const index = readNumericId(bytes, start, end) - this.firstId;
    if (isErrorAnswer(bytes, start, end)) this.recorder.failed(index);
    else {
      // One that was given up is owed no more.
      if (this.toCancel?.[index] !== 1) {
        this.partsMissing += Math.max(0, this.parts - (this.partsOf[index] ?? this.parts));
      }
      this.recorder.answered(index, receivedAt);
    }
    this.ticker?.poke(receivedAt);
  }

  part(bytes: Uint8Array, start: number, end: number, receivedAt: number): void {
    const index = readNumericId(bytes, start, end) - this.firstId;
    this.recorder.part(index, receivedAt);
    const before = this.partsOf[index];
    if (before === undefined) return;
    if (readPartNumber(bytes, start, end) !== before) this.partsOutOfTurn += 1;
    this.partsOf[index] = before + 1;
    if (before + 1 === Math.max(1, Math.floor(this.parts / 2)) && this.toCancel?.[index] === 1) {
      this.cancel(index);
    }
  }

  report(): TripReport {
    const report = this.recorder.report();
    if (this.parts === 0) return report;
    const { partsMissing, partsOutOfTurn } = this;
    return { ...report, counts: { ...report.counts, partsMissing, partsOutOfTurn } };
  }

  private clientOf(index: number): Client | undefined {
    return this.clients[Math.floor(index / this.order.workers) % this.clients.length];
  }

  private send(index: number, dueAt: number): void {
    const sentAt = this.clock();
    const operation = this.write(this.firstId + index, index, dueAt, sentAt);
    this.recorder.sent(index, sentAt);
    // Open loop: the next request does not wait for this one.
    this.clientOf(index)
      ?.send(operation)
      ?.catch(() => this.recorder.failed(index));
  }

  private cancel(index: number): void {
    this.recorder.cancelled(index);
    this.clientOf(index)
      ?.send(Buffer.from(`{"op":"cancel","id":"${this.firstId + index}"}`, 'latin1'))
      // It has crossed the end of the answer: there is nothing left to cancel, which is no fault.
      ?.catch(() => undefined);
  }
}

/** One byte per request of the whole schedule, the same in every worker. */
function chooseCancelled({ schedule, cancelShare }: RequestOrder, count: number): Uint8Array {
  const random = createRandom(schedule.seed + CANCEL_SEED);
  return Uint8Array.from({ length: count }, () => (random.next() < cancelShare ? 1 : 0));
}
