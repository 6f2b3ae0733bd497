/** Answers in the response to the POST that asked, for clients that would rather not look on their stream. */
import { describe, expect, test } from 'vitest';
import type { RequestHandler } from '../../servers/application.ts';
import { transports } from '../../transports/registry.ts';
import { createEventRecorder } from './event-recorder.ts';
import { operate, post } from './requests.ts';
import { openWatched } from './watched-server.ts';

describe.each(['sse', 'sse-prepared'] as const)('%s', (name) => {
  async function open(onRequest?: RequestHandler) {
    const server = await openWatched(transports[name], onRequest && { onRequest });
    const events = createEventRecorder();
    const query = 'session=new';
    const client = await server.connect('lean', events, 0, { query, answer: 'response' });
    const path = `/sessions/${client.session}/send`;
    return { server, events, client, path };
  }

  test('answers a request in the response, where that is asked for', async () => {
    const { server, events, client, path } = await open();
    const request = JSON.stringify({ op: 'request', id: '7', data: { a: 1 } });
    const { status, headers, text } = await post(server, `${path}?answer=response`, request);
    expect([status, headers['content-type']]).toEqual([200, 'application/json']);
    expect(JSON.parse(text)).toEqual({ id: '7', data: { a: 1 } });
    await operate(client, { op: 'request', id: '8', data: 2 });
    await events.next('answer');
    expect(events.values(0, 'answer')).toEqual([{ id: '8', data: 2 }]);
    // Without that: accepted, and on the stream.
    expect(await post(server, path, request)).toMatchObject({ status: 202, text: '' });
    await events.next('answer');
    expect(events.values(0, 'answer').at(-1)).toEqual({ id: '7', data: { a: 1 } });
  });

  test('answers in the response what comes late, in parts, or goes wrong', async () => {
    const { server, events, path } = await open(async function* ({ data }) {
      yield 'one';
      if (data === 'fail') throw new Error('not today');
      return 'the end';
    });
    const ask = async (id: string, data: string): Promise<unknown> => {
      const request = JSON.stringify({ op: 'request', id, data });
      const { status, text } = await post(server, `${path}?answer=response`, request);
      return [status, JSON.parse(text)];
    };
    expect(await ask('7', 'work')).toEqual([200, { id: '7', data: 'the end' }]);
    expect(await ask('8', 'fail')).toEqual([200, { id: '8', error: 'not today' }]);
    await events.received(2);
    expect(events.values(0, 'part')).toEqual([
      { id: '7', part: 0, data: 'one' },
      { id: '8', part: 0, data: 'one' },
    ]);
    expect(events.values(0, 'answer')).toEqual([]);
  });

  test('answers an operation that is no request with its status, in the response mode too', async () => {
    const { server, path } = await open();
    const statuses: [operation: string, status: number][] = [
      ['{"op":"ping"}', 202],
      ['{"op":"publish","data":1}', 202],
      ['{"op":"join","room":"a"}', 204],
      ['{"op":"leave","room":"a"}', 204],
      ['{"op":"leave","room":"a"}', 404],
      ['{"op":"cancel","id":"7"}', 404],
      ['{"op":"answer","id":"7","data":1}', 404],
      ['{"op":"answer","id":"7"}', 400],
      ['{"op":"nonsense"}', 400],
      ['nonsense', 400],
    ];
    for (const [operation, status] of statuses) {
      const answer = await post(server, `${path}?answer=response`, operation);
      expect([operation, answer.status]).toEqual([operation, status]);
    }
    const bytes = { 'content-type': 'application/octet-stream' };
    expect((await post(server, path, '{"op":"ping"}', bytes)).status).toBe(415);
  });
});
