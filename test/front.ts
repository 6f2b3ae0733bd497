/** Stands between a client and a server as a proxy does: it can refuse upgrades, cut, and let nobody in. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { onTestFinished } from 'vitest';

/** What becomes of a request to upgrade. */
export type Upgrades = 'pass' | 'refuse' | 'drop' | 'hang';

export interface Front {
  readonly url: string;
  upgrades: Upgrades;
  /** Nobody is let in while it is shut. */
  shut: boolean;
  /** Lets nothing through any more on the connections there are; nobody is told. */
  freeze(): void;
  /** Ends every connection there is, in the middle of whatever it carries. */
  cut(): void;
}

/** Closed when the test is over. */
export async function startFront(port: number): Promise<Front> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    if (front.shut) {
      client.destroy();
      return;
    }
    keep(client);
    let head = '';
    const look = (bytes: Buffer): void => {
      head += bytes.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      client.off('data', look);
      if (/^upgrade: *websocket/im.test(head) && front.upgrades !== 'pass') refuse(client);
      else {
        const upstream = connect(port, '127.0.0.1');
        keep(upstream);
        upstream.write(head, 'latin1');
        client.pipe(upstream).pipe(client);
        client.once('close', () => upstream.destroy());
        upstream.once('close', () => client.destroy());
      }
    };
    client.on('data', look);
  });
  function keep(socket: Socket): void {
    sockets.add(socket);
    // Whoever is cut off may still be writing.
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  }
  function refuse(client: Socket): void {
    if (front.upgrades === 'drop') client.destroy();
    if (front.upgrades === 'refuse') {
      client.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    }
  }
  const front: Front = {
    url: '',
    upgrades: 'pass',
    shut: false,
    freeze() {
      for (const socket of sockets) socket.unpipe().pause();
    },
    cut() {
      for (const socket of sockets) socket.destroy();
    },
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    front.cut();
    server.close();
    await once(server, 'close');
  });
  const { port: own } = server.address() as AddressInfo;
  return Object.assign(front, { url: `http://127.0.0.1:${own}` });
}
