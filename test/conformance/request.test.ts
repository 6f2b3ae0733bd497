/** Clients ask, the application answers: at once, later, in parts, with an error, or not at all any more. */
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Transport } from '../../core/transport.ts';
import type { RequestHandler } from '../../servers/application.ts';
import type { TransportName } from '../../transports/registry.ts';
import { transports } from '../../transports/registry.ts';
import { createSignal } from '../recorder.ts';
import { createEventRecorder } from './event-recorder.ts';
import { operate, refusalOf } from './requests.ts';
import { openWatched } from './watched-server.ts';

const all = Object.entries(transports) as [TransportName, Transport][];

/** A handler that a test can wait for: it answers when it is told to, or when its request is given up. */
function createHeldHandler() {
  const changed = createSignal();
  let calls = 0;
  let aborted = 0;
  let release: (() => void) | undefined;
  const reached = (look: () => boolean): Promise<void> =>
    changed.until(() => (look() ? null : undefined)).then(() => undefined);
  const handler: RequestHandler = ({ signal }) => {
    calls += 1;
    changed.raise();
    return new Promise((resolve, reject) => {
      release = () => resolve('released');
      signal.addEventListener('abort', () => {
        aborted += 1;
        changed.raise();
        reject(signal.reason);
      });
    });
  };
  return {
    handler,
    called: (count: number) => reached(() => calls >= count),
    aborted: (count: number) => reached(() => aborted >= count),
    release: () => release?.(),
  };
}

describe.each(all)('%s', (name, transport) => {
  async function open(options: Parameters<typeof openWatched>[1] = {}) {
    const server = await openWatched(transport, options);
    const events = createEventRecorder();
    const client = await server.connect('lean', events, 0, { query: 'session=new' });
    return { server, events, client };
  }

  test('says back what was said, where no application is plugged in', async () => {
    const { server, events, client } = await open();
    const texts = [
      '{"op":"request","id":"7","data":{"price":1.5,"text":"żółw 🐢\\n\\"}"}}',
      '{"op":"request","id":8,"data":[null]}',
      '{"op":"request","id":"no-data"}',
      // A line break between its tokens would be two lines to raw TCP.
      `{"op":"request",${name === 'raw' ? '' : '\n'} "data": [1, 2], "id": "żółw"}`,
    ];
    for (const text of texts) await client.send(Buffer.from(text));
    await events.received(4);
    expect(events.values(0, 'answer')).toEqual([
      { id: '7', data: { price: 1.5, text: 'żółw 🐢\n"}' } },
      { id: '8', data: [null] },
      { id: 'no-data', data: null },
      { id: 'żółw', data: [1, 2] },
    ]);
    expect(server.operator.counters).toMatchObject({ requests: 4, answered: 4, failed: 0 });
  });

  test('answers what the application makes of it, now or later, or why it cannot', async () => {
    const answers: Record<string, RequestHandler> = {
      value: ({ data, session }) => ({ data, number: session.number }),
      nothing: () => undefined,
      promise: async () => 'later',
      throws: () => {
        throw new Error('not today');
      },
      rejects: () => Promise.reject(new Error('not tomorrow')),
      circular: () => {
        const value: { self?: unknown } = {};
        value.self = value;
        return value;
      },
      bigint: async () => 1n,
    };
    const { server, events, client } = await open({
      onRequest: (request) => answers[String(request.data)]?.(request),
      breaker: { failures: 100, openMs: 1 },
    });
    for (const id of Object.keys(answers)) {
      await operate(client, { op: 'request', id, data: id });
      await events.next('answer');
    }
    expect(events.values(0, 'answer')).toEqual([
      { id: 'value', data: { data: 'value', number: 1 } },
      { id: 'nothing', data: null },
      { id: 'promise', data: 'later' },
      { id: 'throws', error: 'not today' },
      { id: 'rejects', error: 'not tomorrow' },
      { id: 'circular', error: expect.stringContaining('circular') },
      { id: 'bigint', error: expect.stringContaining('BigInt') },
    ]);
    expect(server.operator.counters).toMatchObject({ requests: 7, answered: 3, failed: 4 });
  });

  test('sends the parts of an answer as they come, and then its end', async () => {
    const { server, events, client } = await open({
      async *onRequest({ data }) {
        for (let part = 0; part < Number(data); part += 1) yield { part };
        return 'the end';
      },
    });
    await operate(client, { op: 'request', id: 'a', data: 3 });
    await operate(client, { op: 'request', id: 'b', data: 0 });
    await events.next('answer');
    await events.next('answer');
    expect(events.values(0, 'part')).toEqual([
      { id: 'a', part: 0, data: { part: 0 } },
      { id: 'a', part: 1, data: { part: 1 } },
      { id: 'a', part: 2, data: { part: 2 } },
    ]);
    expect(events.values(0, 'answer')).toEqual(
      expect.arrayContaining([
        { id: 'a', data: 'the end' },
        { id: 'b', data: 'the end' },
      ]),
    );
    expect(events.of().at(-1)?.event).toBe('answer');
    expect(server.operator.counters).toMatchObject({ requests: 2, answered: 2, parts: 3 });
  });

  test('gives up what a client cancels, which is no failure of the application', async () => {
    const held = createHeldHandler();
    const breaker = { failures: 1, openMs: 60_000 };
    const { server, events, client } = await open({ onRequest: held.handler, breaker });
    for (const round of [1, 2]) {
      await operate(client, { op: 'request', id: '7', data: null });
      await held.called(round);
      await operate(client, { op: 'cancel', id: '7' });
      await held.aborted(round);
      await events.next('answer');
    }
    await operate(client, { op: 'request', id: '8', data: null });
    await held.called(3);
    held.release();
    await events.next('answer');
    expect(events.values(0, 'answer')).toEqual([
      { id: '7', error: 'cancelled' },
      { id: '7', error: 'cancelled' },
      { id: '8', data: 'released' },
    ]);
    expect(await refusalOf(server, client, events, { op: 'cancel', id: '8' })).toBe(404);
    const { requests, answered, cancelled } = server.operator.counters;
    expect({ requests, answered, cancelled }).toEqual({ requests: 3, answered: 1, cancelled: 2 });
  });

  test('sends no more parts of what a client cancels', async () => {
    let ended = false;
    const { server, events, client } = await open({
      async *onRequest({ signal }) {
        try {
          for (let part = 0; ; part += 1) {
            yield part;
            if (part === 2) await once(signal, 'abort');
          }
        } finally {
          ended = true;
        }
      },
    });
    await operate(client, { op: 'request', id: '7', data: null });
    await events.received(3);
    await operate(client, { op: 'cancel', id: '7' });
    await events.next('answer');
    expect(ended).toBe(true);
    expect(events.values(0, 'part').length).toBe(3);
    expect(events.values(0, 'answer')).toEqual([{ id: '7', error: 'cancelled' }]);
    expect(server.operator.counters.parts).toBe(3);
  });

  test('does not take two requests of one id at a time', async () => {
    const held = createHeldHandler();
    const { server, events, client } = await open({ onRequest: held.handler });
    const operation = { op: 'request', id: '7', data: null };
    await operate(client, operation);
    await held.called(1);
    expect(await refusalOf(server, client, events, operation)).toBe(409);
    held.release();
    await events.next('answer');
    expect(events.values(0, 'answer')).toEqual([{ id: '7', data: 'released' }]);
    expect(server.operator.counters).toMatchObject({ requests: 1, refused: 1 });
  });

  test('gives up the requests of a client that has left for good', async () => {
    const held = createHeldHandler();
    const { server, client } = await open({ onRequest: held.handler });
    await operate(client, { op: 'request', id: '7', data: null });
    await operate(client, { op: 'request', id: '8', data: null });
    await held.called(2);
    client.close();
    await held.aborted(2);
    expect(server.hub.sessions.size).toBe(0);
  });

  test('spares an application that keeps failing, says when to try again, and then tries once', async () => {
    let failing = true;
    let calls = 0;
    const onRequest = (): string => {
      calls += 1;
      if (failing) throw new Error('broken');
      return 'mended';
    };
    const openMs = 1_500;
    const breaker = { failures: 3, openMs };
    const { server, events, client } = await open({ onRequest, breaker });
    const ask = async (): Promise<{ error?: string; data?: string }> => {
      await operate(client, { op: 'request', id: '7', data: null });
      const { data } = await events.next('answer');
      return JSON.parse(data.toString()) as { error?: string; data?: string };
    };
    for (let i = 0; i < 3; i += 1) expect((await ask()).error).toBe('broken');
    const spared = (await ask()).error ?? '';
    const waitMs = Number(/^not available now; try again in (\d+) ms$/.exec(spared)?.[1]);
    expect(waitMs).toBeGreaterThan(0);
    expect(waitMs).toBeLessThanOrEqual(openMs);
    expect(calls).toBe(3);
    // The probe fails too, and it is left alone for as long again.
    await pause(waitMs);
    while (calls < 4) await ask();
    expect((await ask()).error).toMatch(/^not available now/);
    expect(calls).toBe(4);
    failing = false;
    await pause(openMs);
    let answer = await ask();
    while (answer.error !== undefined) answer = await ask();
    expect(answer.data).toBe('mended');
    expect((await ask()).data).toBe('mended');
    expect(calls).toBe(6);
    expect(server.operator.counters.answered).toBe(2);
  });
});
