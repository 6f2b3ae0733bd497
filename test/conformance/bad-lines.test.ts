/** Operations and lines that are wrong: each is refused once, with its status, and harms nobody else. */
import { describe, expect, test } from 'vitest';
import { besiege } from './siege.ts';
import { masked, openPeer, openWebSocket } from './stubborn-peer.ts';

const notUtf8 = Buffer.from([0x61, 0xff, 0xc0]);
const malformed = { 'expelled malformed': 1 };

const refusals = [
  { what: 'a line break in a room', operation: { op: 'join', room: 'a\nb' }, status: 400 },
  { what: 'CR in an event', operation: { op: 'publish', event: 'a\rb', data: 1 }, status: 400 },
  { what: 'NUL in a key', operation: { op: 'publish', key: 'a\0b', data: 1 }, status: 400 },
  {
    what: 'LF in the id of a request',
    operation: { op: 'request', id: '1\n', data: 1 },
    status: 400,
  },
  { what: 'LF in the id of an event', operation: { op: 'resume', last: 'a\nb' }, status: 400 },
  {
    what: 'the name of an event of the server',
    operation: { op: 'publish', event: 'answer', data: 1 },
    status: 400,
  },
  {
    what: 'a room that is not on the list',
    operation: { op: 'join', room: 'cellar' },
    status: 404,
  },
  {
    what: 'the end of a request that never began',
    operation: { op: 'cancel', id: '1' },
    status: 404,
  },
  {
    what: 'an answer that nobody asked for',
    operation: { op: 'answer', id: '1', data: 1 },
    status: 404,
  },
  {
    what: 'a room to leave that it is not in',
    operation: { op: 'leave', room: 'open' },
    status: 404,
  },
] as const;

const none = Number.POSITIVE_INFINITY;
const limits = {
  maxSessions: none,
  maxPerAddress: none,
  maxRooms: none,
  rooms: ['healthy', 'open'],
};

describe.each(['ws', 'raw'] as const)('over %s', (name) => {
  test.each(refusals)(
    '$what is refused with $status, and no more',
    async ({ operation, status }) => {
      await besiege(
        { 'operations refused': 1 },
        async (server) => {
          const isWs = name === 'ws';
          const peer = isWs
            ? await openWebSocket(server.httpPort)
            : await openPeer(server.rawPort, '?\n');
          const message = JSON.stringify(operation);
          peer.say(isWs ? masked(message) : `${message}\n`);
          await server.serves();
          await peer.hears(new RegExp(`"event":"refused","data":\\{"status":${status},`));
          const next = '{"op":"ping"}';
          peer.say(isWs ? masked(next) : `${next}\n`);
          await peer.hears(/"event":"pong"/);
          peer.socket.end();
          await server.alone();
        },
        { limits },
      );
    },
  );
});

describe('a raw client', () => {
  test.each([
    { what: 'that does not begin with a question mark', says: 'hello\n', status: 400 },
    { what: 'whose room has a line break', says: '?room=a%0Ab\n', status: 400 },
    { what: 'whose first line is too long', says: `?${'x'.repeat(20_000)}`, status: 431 },
    {
      what: 'that says a right line after a wrong one',
      says: '?room=a%00\n?room=open\n',
      status: 400,
    },
    { what: 'that says two wrong lines', says: 'hello\nhello\n', status: 400 },
  ])('$what is refused with $status once, and ended', async ({ says, status }) => {
    await besiege({ [`refused ${status}`]: 1 }, async (server) => {
      const peer = await openPeer(server.rawPort, says);
      expect(await peer.over()).toMatch(new RegExp(`^!${status} [^\\n]+\\n$`));
      peer.socket.end();
      await server.alone();
      expect(server.hub.counters.opened).toBe(3);
    });
  });

  test.each([
    { what: 'a line that is not UTF-8', says: notUtf8 },
    {
      what: 'an operation that is not UTF-8',
      says: Buffer.concat([Buffer.from('{"op":"ping","x":"'), notUtf8, Buffer.from('"}')]),
    },
  ])('that sends $what is ended', async ({ says }) => {
    await besiege(malformed, async (server) => {
      const peer = await openPeer(server.rawPort, '?\n');
      peer.say(Buffer.concat([says, Buffer.from('\n')]));
      expect(await peer.over()).toBe('\n');
      peer.socket.end();
      await server.alone();
    });
  });

  test('that sends megabytes without the end of a line is cut at the limit', async () => {
    await besiege({ 'expelled too-big': 1 }, async (server) => {
      const peer = await openPeer(server.rawPort, '?\n');
      peer.say(Buffer.alloc(8 * 2 ** 20, 'x'));
      await server.serves();
      expect(await peer.over()).toBe('\n');
      await server.alone();
      expect(server.hub.counters.upstream).toBe(0);
    });
  });
});
