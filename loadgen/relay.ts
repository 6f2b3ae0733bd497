/**
 * A TCP relay between clients and a target, which can cut what passes through it: by FIN, by RST, or by
 * forwarding nothing more. It is outside of both ends, so what it says it cut is not what either of them
 * believes. It keeps a log of its own.
 */
import type { Socket } from 'node:net';
import { createServer } from 'node:net';
import type { Clock } from '../core/clock.ts';
import { onFreePort } from '../core/free-port.ts';
import { listenAt } from '../core/listen.ts';
import type { RelayCut, RelayLogLine } from './relay-control.ts';
import type { Forward } from './relay-tunnel.ts';
import { forwardAtOnce, Tunnel } from './relay-tunnel.ts';

/** How long both sides have to end in good order, ms. */
const FINISH_MS = 2_000;

export interface RelayOptions {
  readonly host: string;
  readonly target: { readonly host: string; readonly port: number };
  readonly clock: Clock;
  /** How each direction forwards; left out, at once. */
  readonly forward?: Forward;
}

export interface Relay {
  readonly port: number;
  /** Tunnels of which both sides are connected. */
  readonly open: number;
  readonly log: readonly RelayLogLine[];
  /**
   * Cuts the last `count` of the open tunnels, in the order in which they were accepted.
   * @param shut lets nobody in from now on, until it is mended: whoever tries is refused
   * @returns when, and the lines of the log that it wrote
   */
  cut(
    how: RelayCut,
    count: number,
    shut: boolean,
  ): { readonly at: number; readonly log: readonly RelayLogLine[] };
  /** Lets everybody in again, and lets go of targets that were kept half open. */
  mend(): Promise<void>;
  close(): void;
}

/** @throws the `listen` error of Node */
export async function startRelay(options: RelayOptions): Promise<Relay> {
  const { host, target, clock, forward = forwardAtOnce } = options;
  /** In the order in which they were accepted. */
  const tunnels = new Set<Tunnel>();
  const held = new Set<Tunnel>();
  const log: RelayLogLine[] = [];
  let accepted = 0;
  let finishing: NodeJS.Timeout | undefined;
  const accept = (client: Socket): void => {
    const tunnel = new Tunnel(client, {
      number: accepted,
      target,
      forward,
      onGone(gone) {
        tunnels.delete(gone);
        held.delete(gone);
      },
    });
    accepted += 1;
    tunnels.add(tunnel);
  };
  const server = createServer({ noDelay: true, allowHalfOpen: true }, accept);
  // It lets go of its port while it is shut, and is to have it again.
  const port = await onFreePort([host], 0, (one) => listenAt(server, host, one));
  const end = {
    fin: (tunnel: Tunnel) => tunnel.finish(),
    rst: (tunnel: Tunnel) => tunnel.reset(),
    'half-open'(tunnel: Tunnel) {
      tunnel.hold();
      held.add(tunnel);
    },
  } satisfies Record<RelayCut, (tunnel: Tunnel) => void>;
  return {
    port,
    get open() {
      return [...tunnels].filter(({ isOpen }) => isOpen).length;
    },
    log,
    cut(how, count, shut) {
      // Before anybody is cut: the first of them may be back at once.
      if (shut) server.close();
      const open = [...tunnels].filter(({ isOpen }) => isOpen);
      const chosen = count === 0 ? [] : open.slice(-count);
      const startedAt = clock();
      const lines: RelayLogLine[] = [];
      for (const tunnel of chosen) {
        const at = clock();
        end[how](tunnel);
        lines.push({ connection: tunnel.number, how, at });
      }
      log.push(...lines);
      if (how === 'fin') {
        finishing = setTimeout(() => {
          for (const tunnel of chosen) tunnel.destroy();
        }, FINISH_MS);
      }
      return { at: startedAt, log: lines };
    },
    async mend() {
      for (const tunnel of held) tunnel.forget();
      held.clear();
      if (!server.listening) await listenAt(server, host, port);
    },
    close() {
      clearTimeout(finishing);
      server.close();
      for (const tunnel of tunnels) tunnel.destroy();
    },
  };
}
