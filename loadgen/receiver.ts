/**
 * What the generator makes of every message it receives: the delivery ledger per client, two latency
 * histograms, and (for a sample of messages) every single latency. This runs once per delivery, so it
 * allocates nothing, parses no JSON and decodes no text. What is no delivery is handed on.
 */
import { NS_PER_MS, NS_PER_US } from '../core/clock.ts';
import type { Expectation } from '../core/control.ts';
import type { Histogram } from '../core/histogram.ts';
import { HIGHEST_US } from '../core/histogram.ts';
import {
  isMessage,
  isSmallMessage,
  readDueAt,
  readSentAt,
  readSeq,
  readSmallSeq,
} from '../core/message.ts';
import type { DeliveryCounts } from '../core/process-reports.ts';
import type { Schedule } from '../core/schedule.ts';
import { createSchedule } from '../core/schedule.ts';
import type { Sink } from '../core/transport.ts';
import type { OrderDigest } from './channel-tracks.ts';
import { ChannelTracks } from './channel-tracks.ts';
import type { Comebacks } from './comebacks.ts';
import type { History } from './history.ts';
import { HotHistogram } from './hot-histogram.ts';
import { TrackEnds } from './track-ends.ts';

/** One phase as its receiver saw it. */
export interface Received {
  readonly counts: DeliveryCounts;
  readonly due: Histogram;
  readonly sent: Histogram;
  readonly cells: Uint32Array;
  readonly orders: readonly OrderDigest[] | undefined;
  readonly staleClients: number;
}

/** What there is to count where nobody publishes. */
const NOTHING: Expectation = {
  firstSeq: 0,
  count: 0,
  audience: { kind: 'everybody' },
  ordered: false,
  deadlineMs: 0,
  sampleEvery: 0,
};

/** Takes what is no delivery. @returns false where it means nothing here */
export type EventHandler = (
  event: string,
  client: number,
  bytes: Uint8Array,
  start: number,
  end: number,
  receivedAt: number,
) => boolean;

export class Receiver implements Sink {
  /** Every message since the start, of any phase and event; for bytes per delivery. */
  messages = 0;
  /** Called for every event that has a name. */
  onEvent: EventHandler = () => false;
  /** Called once when every message of the phase has reached every client of this worker. */
  onComplete: () => void = () => undefined;
  readonly closedCauses = new Map<string, number>();
  /** Takes messages of before the clients came, where they want any. */
  history: History | undefined;
  /** Looks after clients that are cut off; undefined where nobody is going to be. */
  comebacks: Comebacks | undefined;
  /** Told of every message while some clients read no more than so much; undefined otherwise. */
  pace: { took(client: number, bytes: number): void } | undefined;
  /** Clients whose connection ended in this phase. */
  readonly closedClients = new Set<number>();

  private readonly clients: number;
  private readonly firstClient: number;
  /** Per client: whether it is connected; the others can complete nothing. */
  private readonly isOpen: Uint8Array;
  /** Undefined where all messages are for everybody: then the track of a client is its index. */
  private tracks: ChannelTracks | undefined;
  /** Per track: the sequence number expected next. */
  private next: Float64Array;
  /** Per track: numbers below `next` that have not arrived; made when there is a first gap. */
  private missing: (Set<number> | undefined)[];
  private ends: TrackEnds | undefined;
  /** Whether the last message of each track is all to wait for. */
  private coalesces = false;

  /** When the last delivery of the phase came, ns since the epoch. */
  lastReceivedAt: number | undefined;

  /** Of messages that do not carry their times. */
  private schedule: Schedule | undefined;
  private startNs: number | undefined;
  /** Those of them that came before it was known when the schedule starts: the news may be overtaken. */
  private early: { client: number; seq: number; receivedAt: number }[] = [];

  private firstSeq = 0;
  private count = 0;
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

  /**
   * @param clients how many clients this worker has; their indexes are 0 … clients − 1
   * @param firstClient number of the first of them among the clients of all workers
   */
  constructor(clients: number, firstClient = 0) {
    this.clients = clients;
    this.firstClient = firstClient;
    this.isOpen = new Uint8Array(clients).fill(1);
    this.next = new Float64Array(clients);
    this.missing = new Array<Set<number> | undefined>(clients).fill(undefined);
  }

  /** A client that could not connect. */
  absent(client: number): void {
    this.isOpen[client] = 0;
  }

  /** Connected clients. */
  get open(): number {
    return this.isOpen.reduce((sum, one) => sum + one, 0);
  }

  /** Whether nothing is missing; at once, where there is nobody to wait for. */
  get complete(): boolean {
    return this.received >= this.expected || (this.coalesces && this.ends?.unfinished === 0);
  }

  /** Starts to count a phase. Numbers of earlier phases that still arrive are counted as foreign. */
  expect(expectation: Expectation = NOTHING): void {
    const { firstSeq, count, audience, ordered, deadlineMs, sampleEvery } = expectation;
    this.tracks =
      audience.kind === 'everybody' && !ordered
        ? undefined
        : new ChannelTracks(expectation, this.clients, this.firstClient);
    const size = this.tracks?.size ?? this.clients;
    this.next = new Float64Array(size).fill(firstSeq);
    this.missing = new Array<Set<number> | undefined>(size).fill(undefined);
    this.firstSeq = firstSeq;
    this.count = count;
    this.ends = new TrackEnds(expectation, this.tracks, this.isOpen);
    this.expected = this.ends.expected;
    this.coalesces = expectation.coalesces === true;
    this.deadlineUs = (deadlineMs * NS_PER_MS) / NS_PER_US;
    this.schedule = expectation.schedule && createSchedule(expectation.schedule);
    this.startNs = undefined;
    this.early = [];
    this.sampleEvery = sampleEvery;
    this.cells = new Uint32Array(
      sampleEvery === 0 ? 0 : Math.ceil(count / sampleEvery) * this.clients,
    );
    // Touched now: pages that come into being as they are written would look like a leak.
    this.cells.fill(0);
    this.due = new HotHistogram();
    this.sent = new HotHistogram();
    this.lastReceivedAt = undefined;
    this.closedClients.clear();
    this.received = 0;
    this.duplicated = 0;
    this.reordered = 0;
    this.late = 0;
    this.foreign = 0;
    this.beforeDue = 0;
  }

  /** When the schedule of the phase starts, ns since the epoch. */
  starts(startNs: number): void {
    this.startNs = startNs;
    const { early } = this;
    this.early = [];
    for (const { client, seq, receivedAt } of early) this.small(client, seq, receivedAt);
  }

  message(
    client: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    receivedAt: number,
    event = '',
    id = '',
  ): void {
    this.messages += 1;
    if (this.comebacks !== undefined) this.comebacks.heard(client, receivedAt, event, id);
    if (this.pace !== undefined) this.pace.took(client, end - start);
    if (event !== '') {
      if (!this.onEvent(event, client, bytes, start, end, receivedAt)) this.foreign += 1;
      return;
    }
    if (!isMessage(bytes, start, end)) {
      if (this.schedule === undefined || !isSmallMessage(bytes, start, end)) this.foreign += 1;
      else this.small(client, readSmallSeq(bytes, start), receivedAt);
      return;
    }
    const seq = readSeq(bytes, start);
    let track = client;
    let row = seq - this.firstSeq;
    if (this.tracks !== undefined) {
      const channel = this.tracks.channelOf(bytes, start);
      track = this.tracks.trackOf(client, channel);
      row = this.tracks.indexOf(seq, channel);
    }
    if (track < 0 || row < 0 || row >= this.count) {
      if (this.history?.take(client, seq, receivedAt) !== true) this.foreign += 1;
      return;
    }
    if (seq === this.next[track]) this.next[track] = seq + 1;
    else if (!this.outOfOrder(track, seq)) return;
    this.tracks?.saw(track, seq);

    const dueUs = Math.floor((receivedAt - readDueAt(bytes, start)) / NS_PER_US);
    const sentUs = Math.floor((receivedAt - readSentAt(bytes, start)) / NS_PER_US);
    if (dueUs < 0 || sentUs < 0) this.beforeDue += 1;
    else {
      this.due.record(Math.min(dueUs, HIGHEST_US));
      this.sent.record(Math.min(sentUs, HIGHEST_US));
    }
    this.arrived(client, track, row, seq, dueUs, receivedAt);
  }

  /** A message without times, which is for everybody. When it was sent is not known, which is not 0. */
  private small(client: number, seq: number, receivedAt: number): void {
    const { schedule, startNs } = this;
    const row = seq - this.firstSeq;
    if (schedule === undefined || row < 0 || row >= this.count) {
      this.foreign += 1;
      return;
    }
    if (startNs === undefined) {
      this.early.push({ client, seq, receivedAt });
      return;
    }
    if (seq === this.next[client]) this.next[client] = seq + 1;
    else if (!this.outOfOrder(client, seq)) return;
    const dueUs = Math.floor((receivedAt - startNs - schedule.dueAt(row)) / NS_PER_US);
    if (dueUs < 0) this.beforeDue += 1;
    else this.due.record(Math.min(dueUs, HIGHEST_US));
    this.arrived(client, client, row, seq, dueUs, receivedAt);
  }

  /** What is counted of every delivery, the first time it comes. */
  private arrived(
    client: number,
    track: number,
    row: number,
    seq: number,
    dueUs: number,
    receivedAt: number,
  ): void {
    if (dueUs > this.deadlineUs) this.late += 1;
    if (this.sampleEvery > 0 && row % this.sampleEvery === 0) {
      this.cells[(row / this.sampleEvery) * this.clients + client] = Math.max(0, dueUs) + 1;
    }
    this.lastReceivedAt = receivedAt;
    this.received += 1;
    const last = this.coalesces && this.ends?.saw(track, seq) === true;
    if (last || this.received === this.expected) this.onComplete();
  }

  /** @returns whether this is the first time that `seq` comes on this track */
  private outOfOrder(track: number, seq: number): boolean {
    const next = this.next[track] ?? 0;
    let missing = this.missing[track];
    if (seq > next) {
      if (missing === undefined) {
        missing = new Set();
        this.missing[track] = missing;
      }
      for (let skipped = next; skipped < seq; skipped += 1) missing.add(skipped);
      this.next[track] = seq + 1;
      return true;
    }
    if (missing?.delete(seq)) {
      this.reordered += 1;
      return true;
    }
    this.duplicated += 1;
    return false;
  }

  closed(client: number, cause: string): void {
    this.countClosed(cause);
    this.closedClients.add(client);
    if (this.comebacks !== undefined) this.comebacks.lost(client, cause);
    else this.left(client);
  }

  countClosed(cause: string): void {
    this.closedCauses.set(cause, (this.closedCauses.get(cause) ?? 0) + 1);
  }

  /** A client that was there and will not be again: what it lacks is lost, and not waited for. */
  left(client: number): void {
    if (this.ends?.giveUp(client, this.next) === true) this.onComplete();
  }

  get receivedSoFar(): number {
    return this.received;
  }

  /** due → received so far in this phase, µs. */
  get p99SoFar(): number | undefined {
    return this.due.valueAtQuantile(0.99);
  }

  /** due → received of what came since it was asked last, or since the phase began. */
  dueLap(): Histogram {
    return this.due.lap();
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
      orders: this.tracks?.orders((client) => this.isOpen[client] === 1),
      staleClients: this.ends?.staleClients(this.next) ?? 0,
    };
  }
}
