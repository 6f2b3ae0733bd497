/** Clients that are cut and come back at random: each hears every message of its rooms once, and in order. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../core/random.ts';
import type { MemoryConnection } from './memory-transport.ts';
import { openMemoryServer } from './memory-transport.ts';
import { pick } from './mutations.ts';

const STEPS = 1_200;
const CLIENTS = 8;
const ROOMS = ['main', 'a', 'b'];
const endless = { count: 100_000, bytes: 2 ** 30, ageMs: 3_600_000 };

interface Client {
  connection: MemoryConnection;
  readonly id: string;
  readonly rooms: ReadonlySet<string>;
  /** What it should have heard, by number. */
  readonly expected: number[];
  readonly heard: number[];
  lastId: string | undefined;
}

/** Takes what a connection has heard over to its client. */
function collect(client: Client): void {
  for (const { event, id, data } of client.connection.heard.splice(0)) {
    if (id !== '') client.lastId = id;
    if (event === '' || event === 'direct') client.heard.push(Number(data));
    else expect(event).toBe('welcome');
  }
}

/**
 * Not before it has had an event: a client that was sent messages, read none of them and has no id to name
 * is given what came after it left.
 */
function stall(client: Client): void {
  collect(client);
  if (client.lastId !== undefined) client.connection.stall();
}

describe('clients that are cut and come back', () => {
  test.each([4_001, 4_002, 4_003, 4_004, 4_005, 4_006, 9_047])(
    `miss nothing in ${STEPS} random steps with seed %i`,
    async (seed) => {
      const random = createRandom(seed);
      const { server, connect } = await openMemoryServer({
        bufferLimitBytes: 2 ** 30,
        replay: endless,
        lingerMs: 60_000,
        away: endless,
      });
      const clients = Array.from({ length: CLIENTS }, (): Client => {
        const rooms = random.shuffle(ROOMS).slice(0, 1 + random.int(3));
        const connection = connect(`session=new&${rooms.map((room) => `room=${room}`).join('&')}`);
        const { session } = JSON.parse(connection.heard[0]?.data ?? '') as { session: string };
        return {
          connection,
          id: session,
          rooms: new Set(rooms),
          expected: [],
          heard: [],
          lastId: undefined,
        };
      });
      let number = 0;
      const publish = (): void => {
        number += 1;
        const room = pick(random, ROOMS);
        server.hub.publish({ room, data: Buffer.from(String(number)), kind: 'json' });
        for (const { rooms, expected } of clients) if (rooms.has(room)) expected.push(number);
      };
      const message = (client: Client): void => {
        number += 1;
        const session = server.hub.book.find(client.id);
        if (session === undefined) throw new Error('the session was forgotten');
        const data = Buffer.from(String(number));
        server.hub.message(session, { event: 'direct', data, kind: 'json' });
        client.expected.push(number);
      };
      const comeBack = (client: Client): void => {
        const last = client.lastId === undefined ? '' : `&last_event_id=${client.lastId}`;
        client.connection = connect(`session=${client.id}${last}`);
      };
      for (let step = 0; step < STEPS; step += 1) {
        const client = pick(random, clients);
        const choice = random.int(100);
        if (choice < 60) for (let left = random.int(30); left > 0; left -= 1) publish();
        else if (choice < 75) message(client);
        else if (choice < 85) stall(client);
        else if (client.connection.state === 'open') {
          // What it had not read is lost with the connection.
          client.connection.end();
          collect(client);
        } else comeBack(client);
        // Now and then the replay has a turn.
        if (random.int(3) === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      for (const client of clients) {
        if (client.connection.state !== 'open') comeBack(client);
        client.connection.goOn();
      }
      await expect
        .poll(() => [...server.hub.sessions].some(({ state }) => state === 'replaying'))
        .toBe(false);
      for (const [index, client] of clients.entries()) {
        collect(client);
        expect(client.heard, `client ${index} of seed ${seed}`).toEqual(client.expected);
      }
      expect(server.hub.counters).toMatchObject({ opened: CLIENTS, gaps: 0 });
      expect(server.hub.counters.replayed).toBeGreaterThan(STEPS);
    },
  );
});
