/** What the server writes down about its sessions, and about the messages of one that is traced. */
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../core/transport.ts';
import { createLog } from '../../servers/log.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { protocolOf } from './protocols.ts';
import { sessionAt } from './stalled.ts';
import { openWatched } from './watched-server.ts';

const all = Object.entries(transports) as [TransportName, Transport][];
const INFO = 30;
const WARN = 40;

interface Line {
  readonly level: number;
  readonly msg: string;
  readonly time: string;
  readonly session: number;
  readonly id?: string;
  readonly address?: string;
  readonly why?: string;
  readonly bytes?: number;
  readonly frame?: string;
}

/** A log, and what has been written to it so far. */
async function openLog() {
  const written: string[] = [];
  const log = await createLog((line) => written.push(line));
  return { log, lines: () => written.map((line) => JSON.parse(line) as Line), written };
}

describe.each(all)('%s', (name, transport) => {
  test('a session that comes and goes leaves a line each time, of JSON', async () => {
    const { log, lines, written } = await openLog();
    const server = await openWatched(transport, { log, lingerMs: 60_000 });
    const events = createEventRecorder();
    const anonymous = await server.connect('lean', events, 0);
    anonymous.close();
    await server.connected(0);
    const first = await server.connect('lean', events, 1, { query: 'session=new' });
    first.close();
    await server.connected(0);
    await server.connect('lean', events, 2, { query: `session=${first.session}` });
    server.hub.expel(sessionAt(server, 2).session, 'policy');
    await events.ended(2);
    await server.connected(0);
    const seen = lines().map(({ level, msg, session, why }) => [level, msg, session, why]);
    expect(seen).toEqual([
      [INFO, 'session opened', 1, undefined],
      [INFO, 'session closed', 1, undefined],
      [INFO, 'session forgotten', 1, undefined],
      [INFO, 'session opened', 2, undefined],
      [INFO, 'session closed', 2, undefined],
      [INFO, 'session resumed', 2, undefined],
      [WARN, 'session expelled', 2, 'policy'],
      [INFO, 'session closed', 2, undefined],
    ]);
    for (const { address, time } of lines()) {
      expect(address).toBe('127.0.0.1');
      expect(new Date(time).toISOString()).toBe(time);
    }
    expect(written.every((line) => line.endsWith('}\n'))).toBe(true);
  });

  test('a taken-over session leaves one line for the end of its old connection', async () => {
    const { log, lines } = await openLog();
    const server = await openWatched(transport, { log, lingerMs: 60_000 });
    const events = createEventRecorder();
    const first = await server.connect('lean', events, 0, { query: 'session=new' });
    await server.connect('lean', events, 1, { query: `session=${first.session}` });
    await events.ended(0);
    expect(lines().map(({ msg }) => msg)).toEqual([
      'session opened',
      'session closed',
      'session resumed',
    ]);
  });

  test('the messages of a traced session are written down, and nobody else’s', async () => {
    const { log, lines } = await openLog();
    const server = await openWatched(transport, { log, lingerMs: 60_000 });
    const events = createEventRecorder();
    const first = await server.connect('lean', events, 0, { query: 'session=new' });
    await server.connect('lean', events, 1, { query: 'session=new' });
    server.trace(first.session);
    server.hub.broadcast(Buffer.from('before'));
    await events.received(1, 0);
    first.close();
    await server.connected(1);
    const query = `session=${first.session}`;
    const second = await server.connect('lean', events, 2, { query });
    server.hub.publish({ event: 'note', data: Buffer.from('{"a":1}'), kind: 'json' });
    await events.received(1, 2);
    const binary = Buffer.from([0, 128, 255]);
    server.hub.publish({ event: 'binary', data: binary, kind: 'binary' });
    await events.received(2, 2);
    await events.received(3, 1);
    const traced = lines().filter(({ msg }) => msg === 'message down');
    expect(traced.map(({ level, session }) => [level, session])).toEqual([
      [INFO, 1],
      [INFO, 1],
    ]);
    expect(traced[0]?.frame).toContain('{"a":1}');
    const inBase64 = binary.toString('base64');
    const frame = traced[1]?.frame ?? '';
    if (name.startsWith('ws')) {
      expect(Buffer.from(frame, 'base64').subarray(-3)).toEqual(binary);
    } else expect(frame).toContain(inBase64);
    // What is framed ahead is no text from its first byte on.
    if (name !== 'ws-prepared') expect(traced[0]?.bytes).toBe(traced[0]?.frame?.length);
    // It behaves as any other session does.
    const session = server.hub.book.find(second.session);
    if (session === undefined) throw new Error('the session is not known');
    server.hub.expel(session, 'slow');
    expect(await events.ended(2)).toBe(protocolOf[name].cause.lean('slow'));
    await server.connected(1);
    server.trace(undefined);
    await server.connect('lean', events, 3, { query: `session=${second.session}` });
    server.hub.broadcast(Buffer.from('after'));
    await events.received(1, 3);
    expect(lines().filter(({ msg }) => msg === 'message down').length).toBe(2);
  });
});
