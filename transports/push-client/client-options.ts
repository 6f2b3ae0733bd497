/** What a push client is told, and the defaults of what it is not told. */
import { randomInt } from 'node:crypto';
import type { Random } from '../../core/random.ts';
import { createRandom } from '../../core/random.ts';
import type { OpenLink, Protocol } from './link.ts';
import { protocols } from './link.ts';
import type { Reconnect } from './reconnect.ts';
import { fullJitter } from './reconnect.ts';
import { openSseLink } from './sse-link.ts';
import type { Timers } from './timers.ts';
import { nodeTimers } from './timers.ts';
import { openWsLink } from './ws-link.ts';

export interface PushClientOptions {
  /** http(s):// or ws(s)://, e.g. http://127.0.0.1:8080; with a path where a proxy has put it under one. */
  readonly url: string;
  /** In order of preference; what is refused is tried again later (`upgradeRetryMs`). */
  readonly protocols: readonly Protocol[];
  readonly rooms: readonly string[];
  /** Only messages under one of these keys, and those without; none: all. */
  readonly keys: readonly string[];
  /** Messages of each room wanted on the first connect, of those that are still kept. */
  readonly history: number | 'all';
  /** Of an event seen by an earlier client; what came after it is wanted. */
  readonly lastEventId: string | undefined;
  readonly token: string | undefined;
  /** PEM of the authority behind the server's certificate, where that is none of the usual ones. */
  readonly ca: string | undefined;
  readonly reconnect: Reconnect;
  /** How long the server may take until it says welcome, or answers a ping or a POST, ms. */
  readonly connectTimeoutMs: number;
  /**
   * How long nothing may come, heartbeats included, before the connection is doubted, ms; 0: for ever. A
   * WebSocket is sent a ping then; a stream is given three times as long.
   */
  readonly livenessMs: number;
  /** How long a protocol that was refused is not tried first, ms. Nothing is cut in order to try it. */
  readonly upgradeRetryMs: number;
  /** Operations that may wait for a connection. */
  readonly maxWaiting: number;
  /** Takes what comes as it is on the wire: frames, or pieces of a stream. */
  readonly onWire: ((text: string) => void) | undefined;
  readonly random: Random;
  readonly timers: Timers;
  readonly links: Readonly<Record<Protocol, OpenLink>>;
}

/** Everything but the address. */
export function clientDefaults(): Omit<PushClientOptions, 'url'> {
  return {
    protocols,
    rooms: ['main'],
    keys: [],
    history: 0,
    lastEventId: undefined,
    token: undefined,
    ca: undefined,
    reconnect: fullJitter(),
    connectTimeoutMs: 10_000,
    livenessMs: 30_000,
    upgradeRetryMs: 60_000,
    maxWaiting: 1_000,
    onWire: undefined,
    // Clients that were started together must not come back together.
    random: createRandom(randomInt(2 ** 31)),
    timers: nodeTimers,
    links: { ws: openWsLink, sse: openSseLink },
  };
}

/** @throws RangeError */
export function checkOptions({ protocols: chosen, token }: PushClientOptions): void {
  if (chosen.length === 0) throw new RangeError('there is no protocol to speak');
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new RangeError('a token is visible ASCII characters');
  }
}
