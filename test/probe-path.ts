/**
 * A path that is bad in a known way: it holds what the server sends, hands it on in groups, or cuts who is
 * silent for too long. It knows no protocol; the head of an answer passes as it comes.
 */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { TestContext } from 'vitest';
import { onTestFinished } from 'vitest';
import type { Silent } from '../core/records/probe.ts';

export interface PathFaults {
  /** How much later what the server sends arrives, ms. */
  readonly delayMs?: number;
  /** So many writes of the server are handed on together. */
  readonly clump?: number;
  /** Who may be silent for how long, ms, before both sides are cut. */
  readonly idle?: { readonly of: Silent; readonly ms: number };
  readonly age?: { readonly ms: number };
  /** Bytes of the server behind its head, after which both sides are cut. */
  readonly ageBytes?: number;
  /** How it is cut (default fin); `swallow`: nothing is forwarded any more, and nobody is told. */
  readonly cut?: 'fin' | 'rst' | 'swallow';
}

/** Closed when the test is over. @param atEnd of its context, where tests run beside each other @returns the port */
export async function startPath(
  target: number,
  faults: PathFaults = {},
  atEnd: TestContext['onTestFinished'] = onTestFinished,
): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', noDelay: true });
    const timers = new Set<NodeJS.Timeout>();
    let swallowing = false;
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        // What swallows does not pass on an end either.
        if (swallowing) return;
        for (const timer of timers) clearTimeout(timer);
        client.destroy();
        upstream.destroy();
      });
    }
    const cut = (): void => {
      if (faults.cut === 'swallow') swallowing = true;
      else if (faults.cut === 'rst') {
        client.resetAndDestroy();
        upstream.resetAndDestroy();
      } else {
        client.end();
        upstream.end();
      }
    };
    const { idle } = faults;
    let timer: NodeJS.Timeout | undefined;
    const spoken = (who: 'server' | 'client'): void => {
      if (idle === undefined || (idle.of !== 'both' && idle.of !== who)) return;
      if (timer !== undefined) clearTimeout(timer);
      timer = setTimeout(cut, idle.ms);
      timers.add(timer);
    };
    let held: Buffer[] = [];
    const down = (bytes: Buffer): void => {
      if (!swallowing && !client.destroyed) client.write(bytes);
    };
    let isHead = true;
    let passed = 0;
    upstream.on('data', (bytes) => {
      spoken('server');
      if (isHead) {
        isHead = false;
        spoken('client');
        down(bytes);
        // At no age at all nothing may slip through before a timer fires.
        if (faults.age?.ms === 0) cut();
        else if (faults.age !== undefined) timers.add(setTimeout(cut, faults.age.ms));
        return;
      }
      passed += bytes.length;
      if (passed > (faults.ageBytes ?? Number.POSITIVE_INFINITY)) cut();
      held.push(bytes);
      if (held.length < (faults.clump ?? 1)) return;
      const together = Buffer.concat(held);
      held = [];
      if (faults.delayMs === undefined) down(together);
      else timers.add(setTimeout(down, faults.delayMs, together));
    });
    client.on('data', (bytes) => {
      if (!isHead) spoken('client');
      if (!swallowing && !upstream.destroyed) upstream.write(bytes);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  atEnd(async () => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}
