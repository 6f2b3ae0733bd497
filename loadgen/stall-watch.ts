/**
 * Looks at the server again and again while some of its clients do not read: what it holds for them, what it
 * has left out, its resident set, and the socket memory of the machine. It only looks; nothing here stalls.
 */
import { NS_PER_MS } from '../core/clock.ts';
import type { Gauge } from '../core/process-reports.ts';
import { residentBytes, sumOver } from '../core/process-stat.ts';
import { readSocketBytes } from './procfs.ts';
import type { TrialContext } from './trial-context.ts';

/**
 * An eviction is over within a second, so that ten looks a second would be too few to see what came before it.
 * The generator shares its core with whoever looks: a look reads two small files and no more.
 */
const LOOK_EVERY_MS = 50;

export interface StallSample {
  /** ns since the epoch; of the server's answer. */
  readonly at: number;
  readonly gauge: Gauge;
  /** Of all server processes. */
  readonly rssBytes: number | undefined;
  /** Of all TCP sockets of the machine. */
  readonly socketBytes: number | undefined;
}

export interface StallWatch {
  readonly samples: readonly StallSample[];
  /** Looks no more. */
  stop(): void;
}

export function watchStall(context: TrialContext): StallWatch {
  const { server } = context;
  const samples: StallSample[] = [];
  let watching = true;
  // A server that answers late is asked again only when it has: its answers would be about one moment.
  let asked = false;
  server.on('gauged', ({ gauge }) => {
    asked = false;
    if (!watching) return;
    samples.push({
      at: gauge.at,
      gauge,
      rssBytes: sumOver(context.serverPids, residentBytes),
      socketBytes: readSocketBytes(),
    });
  });
  const look = (): void => {
    if (asked) return;
    asked = true;
    server.send({ kind: 'gauge' });
  };
  look();
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    samples,
    stop() {
      watching = false;
      clearInterval(timer);
    },
  };
}

/** How far apart two looks are, ns: nothing between them is known any better. */
export const LOOK_NS = LOOK_EVERY_MS * NS_PER_MS;
