/**
 * Between a connection to somebody else's server and the receiver: finds the messages of the benchmark in
 * whatever the server wraps them in, and hands each on as a delivery. What else arrives either means nothing
 * (heartbeats of the application, events that carry no messages) or belongs to nobody, and is counted, and
 * the last of it kept, so that it can be said what did come. It runs once per delivery, and decodes text
 * only of what is none.
 */
import { MarkerFinder } from '../core/marker.ts';
import { createMessageFiller, MIN_MESSAGE_BYTES } from '../core/message.ts';
import type { Stray, Strays } from '../core/process-reports.ts';
import type { Dialect, Sink } from '../core/transport.ts';
import type { Receiver } from './receiver.ts';

const MOST_SAMPLES = 5;
const MOST_NAMES = 5;
const SAMPLE_BYTES = 200;

/** Names under which the receiver hears of what is no delivery. */
const STRAY = 'stray';
const IGNORED = 'ignored';

export class MarkerSink implements Sink {
  private readonly receiver: Receiver;
  private readonly finder: MarkerFinder;
  private readonly ignore: readonly RegExp[];
  /** Names of events that carry messages; undefined: all. */
  private readonly events: ReadonlySet<string> | undefined;
  private readonly filler = createMessageFiller(MIN_MESSAGE_BYTES);
  /** Number and times of a marker, as the receiver reads them. */
  private readonly delivery = Buffer.alloc(MIN_MESSAGE_BYTES);

  private ignored = 0;
  private readonly ignoredEvents = new Set<string>();
  private unmarked = 0;
  private changed = 0;
  private other = 0;
  private samples: Stray[] = [];

  constructor(receiver: Receiver, { tag, ignore, events }: Dialect) {
    this.receiver = receiver;
    this.finder = new MarkerFinder(tag);
    this.ignore = ignore.map((pattern) => new RegExp(pattern));
    // The default has no name on the wire, and is 'message' everywhere else.
    this.events = events && new Set(events.map((name) => (name === 'message' ? '' : name)));
  }

  message(
    client: number,
    received: Uint8Array,
    start: number,
    end: number,
    receivedAt: number,
    event: string,
    id: string,
  ): void {
    const bytes = Buffer.isBuffer(received)
      ? received
      : Buffer.from(received.buffer, received.byteOffset, received.byteLength);
    if (this.events !== undefined && !this.events.has(event === 'message' ? '' : event)) {
      if (this.ignoredEvents.size < MOST_NAMES) this.ignoredEvents.add(event || 'message');
      this.meansNothing(client, end - start, receivedAt, id);
      return;
    }
    const { finder, filler, delivery } = this;
    let found = finder.next(bytes, start, end);
    if (found === 'nothing') {
      if (this.isIgnored(bytes, start, end)) {
        this.meansNothing(client, end - start, receivedAt, id);
        return;
      }
      this.unmarked += 1;
      this.stray('unmarked', client, bytes, start, end, receivedAt, id);
      return;
    }
    for (; found !== 'nothing'; found = finder.next(bytes, finder.end, end)) {
      if (found === 'message') {
        filler.fill(delivery, 0, finder.seq, finder.dueAt, finder.sentAt);
        // As long as the marker is: whoever reads slowly is held to the bytes that came.
        const length = finder.end - finder.start;
        this.receiver.message(client, delivery, 0, length, receivedAt, '', id);
      } else {
        if (found === 'changed') this.changed += 1;
        else this.other += 1;
        this.stray(found, client, bytes, start, end, receivedAt, id);
      }
    }
  }

  closed(client: number, cause: string): void {
    this.receiver.closed(client, cause);
  }

  /** Starts to count anew, for a phase. */
  start(): void {
    this.ignored = 0;
    this.ignoredEvents.clear();
    this.unmarked = 0;
    this.changed = 0;
    this.other = 0;
    this.samples = [];
  }

  report(): Strays {
    const { ignored, unmarked, changed, other, samples } = this;
    const ignoredEvents = [...this.ignoredEvents];
    return { ignored, ignoredEvents, unmarked, changed, other, samples };
  }

  private isIgnored(bytes: Buffer, start: number, end: number): boolean {
    if (this.ignore.length === 0) return false;
    const text = bytes.toString('utf8', start, end);
    return this.ignore.some((pattern) => pattern.test(text));
  }

  /** It shows that the connection lives, and what to ask for after a cut. */
  private meansNothing(client: number, length: number, receivedAt: number, id: string): void {
    this.ignored += 1;
    this.receiver.comebacks?.heard(client, receivedAt, IGNORED, id);
    this.receiver.pace?.took(client, length);
  }

  private stray(
    kind: Stray['kind'],
    client: number,
    bytes: Buffer,
    start: number,
    end: number,
    receivedAt: number,
    id: string,
  ): void {
    if (this.samples.length === MOST_SAMPLES) this.samples.shift();
    const cut = end - start > SAMPLE_BYTES;
    const text = bytes.toString('utf8', start, cut ? start + SAMPLE_BYTES : end);
    this.samples.push({ kind, text: cut ? `${text}…` : text });
    this.receiver.message(client, bytes, start, end, receivedAt, STRAY, id);
  }
}
