/**
 * What a path is like that a relay of ours plays: later, uneven, narrow. Every connection has its own such
 * path, in each direction. A relay passes on a stream of bytes, so it cannot lose, repeat or reorder
 * packets; what TCP makes of a loss is not seen.
 */
import type { Socket } from 'node:net';
import { fault } from '../../core/errors.ts';
import { nearestOf } from '../../core/nearest.ts';
import { parseDurationMs, parseSizeBytes } from '../../core/units.ts';
import type { Flow, Forward } from '../relay-tunnel.ts';

export interface Shape {
  /** Each way, so a round trip takes twice as much. */
  readonly delayMs: number;
  /** Up to this much more, evenly spread; nothing overtakes. */
  readonly jitterMs: number;
  /** Undefined: as fast as it comes. */
  readonly bytesPerS: number | undefined;
}

const KEYS = ['delay', 'jitter', 'bandwidth'];
const MOST_DELAY_MS = 10_000;
const LEAST_BYTES_PER_S = 1_024;
/** What may be on its way at least; beyond what the delay needs the sender is held back. */
const LEAST_HELD_BYTES = 256 * 1_024;
/** Where there is no bandwidth that would say how much is on its way. */
const OPEN_BYTES_PER_S = 125_000_000;

/** 'delay=40ms,jitter=5ms,bandwidth=2MiB/s'. @throws HarnessError `bad-value` */
export function parseShape(text: string): Shape {
  const given: Record<string, string> = {};
  for (const part of text.split(',').map((one) => one.trim())) {
    const [name = '', value = ''] = part.split('=');
    if (!KEYS.includes(name) || value === '' || given[name] !== undefined) {
      throw bad(
        `relay takes ${KEYS.join(', ')}, each once, as in relay:delay=40ms,jitter=5ms,bandwidth=2MiB/s; not '${part}'`,
        nearestOf(name, KEYS),
      );
    }
    given[name] = value;
  }
  const shape = {
    delayMs: duration('delay', given['delay']),
    jitterMs: duration('jitter', given['jitter']),
    bytesPerS: bandwidth(given['bandwidth']),
  };
  return shape;
}

/** '40 ms later each way, up to 5 ms more, 2097152 B/s', for titles and reports. */
export function describeShape({ delayMs, jitterMs, bytesPerS }: Shape): string {
  return [
    ...(delayMs > 0 ? [`${delayMs} ms each way`] : []),
    ...(jitterMs > 0 ? [`up to ${jitterMs} ms more`] : []),
    ...(bytesPerS === undefined ? [] : [`${bytesPerS.toLocaleString('en-US')} B/s per connection`]),
  ].join(', ');
}

/**
 * How such a path forwards. Timers of Node fire up to a millisecond late; what is due together leaves
 * together.
 * @param random uniform in [0, 1)
 * @param now ms, of a clock that does not jump
 */
export function shapedForward(
  { delayMs, jitterMs, bytesPerS }: Shape,
  random: () => number,
  now: () => number = () => performance.now(),
): Forward {
  const onTheWay = ((bytesPerS ?? OPEN_BYTES_PER_S) / 1_000) * (delayMs + jitterMs);
  const mostHeld = Math.max(LEAST_HELD_BYTES, 2 * onTheWay);
  return (from, to) => forward(from, to, { delayMs, jitterMs, bytesPerS }, mostHeld, random, now);
}

interface Parcel {
  readonly dueAt: number;
  /** Undefined: the end. */
  readonly bytes: Buffer | undefined;
}

function forward(
  from: Socket,
  to: Socket,
  { delayMs, jitterMs, bytesPerS }: Shape,
  mostHeld: number,
  random: () => number,
  now: () => number,
): Flow {
  const parcels: Parcel[] = [];
  let heldBytes = 0;
  /** When the narrow place is free again, and when the last parcel is due: nothing overtakes. */
  let freeAt = 0;
  let lastDueAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let isBlocked = false;
  const waiting: (() => void)[] = [];

  const put = (bytes: Buffer | undefined): void => {
    const length = bytes?.length ?? 0;
    const start = Math.max(freeAt, now());
    freeAt = bytesPerS === undefined ? start : start + (length / bytesPerS) * 1_000;
    lastDueAt = Math.max(lastDueAt, freeAt + delayMs + jitterMs * random());
    parcels.push({ dueAt: lastDueAt, bytes });
    heldBytes += length;
    if (heldBytes > mostHeld) from.pause();
    arm();
  };
  const arm = (): void => {
    const [next] = parcels;
    if (timer !== undefined || isBlocked || next === undefined) return;
    timer = setTimeout(deliver, Math.max(0, next.dueAt - now()));
  };
  const deliver = (): void => {
    timer = undefined;
    // Half a millisecond is what a timer cannot tell.
    const until = now() + 0.5;
    while (!isBlocked && (parcels[0]?.dueAt ?? Number.POSITIVE_INFINITY) <= until) {
      const { bytes } = parcels.shift() as Parcel;
      if (bytes === undefined) to.end();
      else {
        heldBytes -= bytes.length;
        isBlocked = !to.write(bytes);
      }
    }
    if (heldBytes <= mostHeld && !isBlocked) from.resume();
    if (parcels.length === 0) for (const tell of waiting.splice(0)) tell();
    arm();
  };
  // A piece as large as a read would leave a narrow path in one stroke.
  const pieceBytes = bytesPerS === undefined ? undefined : Math.max(1, Math.round(bytesPerS / 100));
  const onData = (bytes: Buffer): void => {
    if (pieceBytes === undefined) put(bytes);
    else
      for (let at = 0; at < bytes.length; at += pieceBytes)
        put(bytes.subarray(at, at + pieceBytes));
  };
  const onDrain = (): void => {
    isBlocked = false;
    if (heldBytes <= mostHeld) from.resume();
    arm();
  };
  const onEnd = (): void => put(undefined);
  const stop = (): void => {
    clearTimeout(timer);
    parcels.length = 0;
    waiting.length = 0;
    from.off('data', onData);
    from.off('end', onEnd);
    to.off('drain', onDrain);
  };
  from.on('data', onData);
  from.on('end', onEnd);
  to.on('drain', onDrain);
  to.once('close', stop);
  return {
    stop,
    whenEmpty(callback) {
      if (parcels.length === 0) callback();
      else waiting.push(callback);
    },
  };
}

function duration(name: string, text: string | undefined): number {
  if (text === undefined) return 0;
  const parsed = parseDurationMs(text);
  if ('problem' in parsed) throw bad(`relay ${name}: ${parsed.problem}`);
  if (parsed.value > MOST_DELAY_MS) throw bad(`relay ${name}: at most 10s, not ${text}`);
  return parsed.value;
}

function bandwidth(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const size = /^(.*)\/s$/.exec(text)?.[1];
  const parsed =
    size === undefined
      ? { problem: `'${text}' is not so much a second; write it like 2MiB/s` }
      : parseSizeBytes(size);
  if ('problem' in parsed) throw bad(`relay bandwidth: ${parsed.problem}`);
  if (parsed.value < LEAST_BYTES_PER_S) throw bad('relay bandwidth: at least 1KiB/s');
  return parsed.value;
}

function bad(problem: string, nearest?: string) {
  return fault('bad-value', { flag: '--route', problem, nearest });
}
