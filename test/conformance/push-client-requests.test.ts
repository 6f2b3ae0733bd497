/** What a push client sends and is asked, against the push server: the same on both protocols. */
import { describe, expect, onTestFinished, test } from 'vitest';
import { createCertificate } from '../../core/certificate.ts';
import type { PushServer } from '../../servers/push-server.ts';
import type { PushClientOptions } from '../../transports/push-client/client-options.ts';
import type { Protocol } from '../../transports/push-client/link.ts';
import { allGone, onlyRooms, publish, sessionOf, startServer, urlOf } from '../client-server.ts';
import { startFront } from '../front.ts';
import type { WatchedClient } from '../watched-client.ts';
import { watchClient } from '../watched-client.ts';

const both: readonly Protocol[] = ['ws', 'sse'];

async function connect(
  server: PushServer,
  protocol: Protocol,
  options: Partial<PushClientOptions> = {},
): Promise<WatchedClient> {
  const client = watchClient({ url: urlOf(server), protocols: [protocol], ...options });
  await client.open();
  return client;
}

/** What an event says that has an id, so that a client has one to come back with. */
async function settle(server: PushServer, client: WatchedClient): Promise<void> {
  publish(server, 'settled');
  await client.until('settled');
}

describe.each(both)('over %s', (protocol) => {
  test('publishes JSON and bytes, with room, name and key', async () => {
    const server = await startServer();
    const hears = await connect(server, protocol, { rooms: ['main', 'r'], keys: ['k'] });
    const speaks = await connect(server, protocol, { rooms: ['elsewhere'] });
    await speaks.publish({ a: 1 });
    await speaks.publish('named', { event: 'quote', room: 'r', key: 'k' });
    await speaks.publish('not wanted', { key: 'other', confirm: true });
    await speaks.publish(Buffer.from([0, 255]));
    await speaks.publish(Buffer.from([1, 254]), { room: 'r' });
    await hears.when(() => hears.messages[3]);
    await speaks.publish('end', { confirm: true });
    await hears.until('end');
    // Bytes with a room go beside the WebSocket, so the order of both ways is not fixed.
    const heard = hears.messages.map(({ event, data }) => ({ event, data }));
    expect(heard).toEqual([
      { event: 'message', data: { a: 1 } },
      { event: 'quote', data: 'named' },
      { event: 'binary', data: Buffer.from([0, 255]) },
      { event: 'binary', data: Buffer.from([1, 254]) },
      { event: 'message', data: 'end' },
    ]);
    expect(speaks.messages).toEqual([]);
  });

  test('asks, and is answered at once, later, in parts, or with an error', async () => {
    const server = await startServer({
      onRequest({ data }) {
        if (data === 'now') return 1;
        if (data === 'later') return new Promise((resolve) => setImmediate(() => resolve(2)));
        if (data === 'parts') return parts();
        throw new Error('I do not know that');
      },
    });
    async function* parts(): AsyncGenerator<string, string> {
      yield 'a';
      yield 'b';
      return 'end';
    }
    const client = await connect(server, protocol);
    const heard: unknown[] = [];
    const onPart = (part: unknown): void => void heard.push(part);
    expect(await Promise.all([client.request('later'), client.request('now')])).toEqual([2, 1]);
    expect(await client.request('parts', { onPart })).toBe('end');
    expect(heard).toEqual(['a', 'b']);
    await expect(client.request('what?')).rejects.toMatchObject({
      code: 'failed',
      message: 'I do not know that',
    });
  });

  test('tells the server when it gives a request up', async () => {
    let aborted: () => void = () => undefined;
    const noticed = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    let begun: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const server = await startServer({
      onRequest: ({ signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', aborted);
          begun();
        }),
    });
    const client = await connect(server, protocol);
    const abort = new AbortController();
    const request = client.request('x', { signal: abort.signal });
    await started;
    abort.abort();
    await expect(request).rejects.toMatchObject({ code: 'cancelled' });
    await noticed;
    expect(server.operator.counters.cancelled).toBe(1);
  });

  test('a request that was under way is answered after the connection was cut', async () => {
    let answer: (value: unknown) => void = () => undefined;
    let begun: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const server = await startServer({
      onRequest: () =>
        new Promise((resolve) => {
          answer = resolve;
          begun();
        }),
    });
    const front = await startFront(server.httpPort);
    const client = watchClient({ url: front.url, protocols: [protocol] });
    await client.open();
    await settle(server, client);
    const request = client.request('x');
    await started;
    front.shut = true;
    front.cut();
    await client.when(() => client.states.find(({ is }) => is === 'waiting'));
    // The answer is made while nobody is there; one that was on its way would be lost.
    await allGone(server);
    answer('late');
    front.shut = false;
    expect(await request).toBe('late');
    expect(await client.open(2)).toMatchObject({ resumed: true });
  });

  test('a request is lost with a session that the server does not keep', async () => {
    let begun: () => void = () => undefined;
    const started = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const server = await startServer({
      lingerMs: 0,
      onRequest: () => new Promise(() => begun()),
    });
    const front = await startFront(server.httpPort);
    const client = watchClient({ url: front.url, protocols: [protocol] });
    await client.open();
    const request = client.request('x');
    await started;
    front.cut();
    await expect(request).rejects.toMatchObject({
      code: 'lost',
      message: 'the connection was lost and the server has forgotten the session',
    });
  });

  test('answers what it is asked, or says why not', async () => {
    const server = await startServer();
    const client = await connect(server, protocol);
    const { session } = await client.open();
    const ask = async (data: unknown): Promise<unknown> => {
      const answer = await fetch(`${urlOf(server)}/sessions/${session}/ask`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(data),
      });
      return [answer.status, await answer.json()];
    };
    expect(await ask(1)).toEqual([
      502,
      { outcome: 'failed', error: 'this client answers no questions' },
    ]);
    client.onAsk(async function* (data) {
      yield 'thinking';
      if (data === 'bad') throw new Error('not that');
      return { said: data };
    });
    expect(await ask('good')).toEqual([200, { outcome: 'answered', data: { said: 'good' } }]);
    expect(await ask('bad')).toEqual([502, { outcome: 'failed', error: 'not that' }]);
    expect(client.refusals).toEqual([]);
  });

  test('joins and leaves rooms, and is in them still when it comes back', async () => {
    const server = await startServer({
      limits: onlyRooms('main', 'a', 'b'),
    });
    const front = await startFront(server.httpPort);
    const client = watchClient({ url: front.url, protocols: [protocol], rooms: ['a'] });
    await client.join('b');
    await client.leave('a');
    await expect(client.join('nowhere')).rejects.toMatchObject({
      code: 'refused',
      status: 404,
      message: "there is no room 'nowhere'",
    });
    await expect(client.leave('a')).rejects.toMatchObject({ status: 404 });
    publish(server, 'first', { room: 'b' });
    await client.until('first');
    front.cut();
    for (const room of ['main', 'a', 'b']) publish(server, `to ${room}`, { room });
    await client.open(2);
    publish(server, 'end', { room: 'b' });
    expect(await client.until('end')).toEqual(['first', 'to b', 'end']);
    expect(client.refusals).toEqual([]);
  });

  test('a question that was asked while nobody was there is answered later', async () => {
    const server = await startServer();
    const front = await startFront(server.httpPort);
    const client = watchClient({ url: front.url, protocols: [protocol] });
    client.onAsk((data) => data);
    const { session } = await client.open();
    await settle(server, client);
    front.shut = true;
    front.cut();
    await allGone(server);
    const answer = server.ask(sessionOf(server, session), 'there?');
    front.shut = false;
    expect(await answer).toEqual({ kind: 'answered', data: 'there?' });
  });

  test('speaks TLS to a server whose authority it knows, and to no other', async () => {
    const certificate = await createCertificate();
    onTestFinished(() => certificate.remove());
    const { certPath: cert, keyPath: key, ca } = certificate;
    const server = await startServer({ tls: { cert, key } });
    const url = `https://127.0.0.1:${server.httpPort}`;
    const client = watchClient({ url, ca, protocols: [protocol] });
    expect(await client.request('x')).toBe('x');
    await client.publish(Buffer.from('x'), { room: 'r' });
    const stranger = watchClient({ url, protocols: [protocol] });
    const waiting = await stranger.when(() => stranger.states.find(({ is }) => is === 'waiting'));
    expect(waiting).toMatchObject({
      causes: [{ kind: 'unreachable', says: expect.stringContaining('self-signed certificate') }],
    });
  });

  test('shows its token, and gives up without', async () => {
    const server = await startServer({ token: 'secret' });
    const client = await connect(server, protocol, { token: 'secret' });
    expect(await client.request('x')).toBe('x');
    await client.publish(Buffer.from('x'), { room: 'r' });
    for (const [token, says] of [
      [undefined, 'a token is needed'],
      ['wrong', 'the token is wrong'],
    ] as const) {
      const refused = watchClient({ url: urlOf(server), protocols: [protocol], token });
      const waiting = refused.request('x');
      await expect(waiting).rejects.toMatchObject({ code: 'closed', message: says });
      expect(refused.states.at(-1)).toMatchObject({
        is: 'closed',
        causes: [{ kind: 'refused', status: 401, says, spoken: true }],
      });
    }
  });

  test('leaves nothing behind when it is closed', async () => {
    const server = await startServer({ lingerMs: 0 });
    const client = await connect(server, protocol);
    const request = client.request('x');
    await request;
    await client.close();
    await allGone(server);
    await expect(client.publish('x')).rejects.toMatchObject({ code: 'closed' });
    expect(client.state).toEqual({ is: 'closed', causes: [] });
  });

  test('a fault of the application is not one of the connection', async () => {
    const server = await startServer();
    const client = watchClient({ url: urlOf(server), protocols: [protocol] });
    client.on('message', ({ data }) => {
      if (data === 'bad') throw new Error('a fault of the application');
    });
    await client.open();
    const faults: unknown[] = [];
    const listeners = process.rawListeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => faults.push(error.message));
    publish(server, 'bad');
    publish(server, 'good');
    await client.until('good');
    await new Promise((resolve) => setImmediate(resolve));
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) {
      process.on('uncaughtException', listener as NodeJS.UncaughtExceptionListener);
    }
    expect(faults).toEqual(['a fault of the application']);
    expect(client.states.filter(({ is }) => is === 'waiting')).toEqual([]);
  });
});

test('requests and questions work the same where upgrades do not get through', async () => {
  const server = await startServer();
  const front = await startFront(server.httpPort);
  front.upgrades = 'refuse';
  const client = watchClient({ url: front.url });
  client.onAsk((data) => data);
  const { session, transport } = await client.open();
  expect(transport).toBe('sse');
  expect(await client.request('x')).toBe('x');
  expect(await server.ask(sessionOf(server, session), 'y')).toEqual({
    kind: 'answered',
    data: 'y',
  });
});
