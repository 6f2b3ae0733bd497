/** The parts of a push client that have no socket: ids, addresses, frames, what waits and what is asked. */
import { describe, expect, test } from 'vitest';
import { encodeEnvelope } from '../../transports/envelope.ts';
import { parseAddress } from '../../transports/push-client/address.ts';
import { AskAnswerer } from '../../transports/push-client/ask-answerer.ts';
import { EventOrder, eventsBetween } from '../../transports/push-client/event-order.ts';
import {
  eventOfBinary,
  eventOfStream,
  eventOfText,
} from '../../transports/push-client/incoming.ts';
import { Outbox } from '../../transports/push-client/outbox.ts';
import { createPushClient } from '../../transports/push-client/push-client.ts';
import { PushClientError } from '../../transports/push-client/push-client-error.ts';
import { isUnreachable, refusalEnd } from '../../transports/push-client/refusal.ts';
import { Requests } from '../../transports/push-client/requests.ts';
import { FakeTimers } from '../fake-timers.ts';

describe('the order of events', () => {
  test('is by number, not by letters', () => {
    const order = new EventOrder();
    expect(['a-9', 'a-z', 'a-10', 'a-zz', 'a-100'].map((id) => order.admit(id))).toEqual(
      Array(5).fill(true),
    );
    expect(order.lastId).toBe('a-100');
    expect(order.admit('a-zz')).toBe(false);
    expect(order.lastId).toBe('a-100');
  });

  test('starts anew with another instance, and still knows the one before', () => {
    const order = new EventOrder('a-5');
    expect(order.admit('b-1')).toBe(true);
    expect(order.admit('a-5')).toBe(false);
    expect(order.admit('a-6')).toBe(true);
    expect(order.admit('b-1')).toBe(false);
  });

  test('takes an id of another form for seen only when it is the last one again', () => {
    const order = new EventOrder();
    expect([...'xxyx'].map((id) => order.admit(id))).toEqual([true, false, true, true]);
  });

  test.each([
    ['a-1', 'a-5', 3],
    ['a-z', 'a-10', 0],
    ['a-5', 'a-1', 0],
    ['a-1', 'b-5', undefined],
    ['1', 'a-5', undefined],
  ])('between %s and %s lie at most %s', (after, before, count) => {
    expect(eventsBetween(after, before)).toBe(count);
  });
});

describe('an address', () => {
  test.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/ws?a=1'],
    ['ws://127.0.0.1:8080/', 'http://127.0.0.1:8080/ws?a=1'],
    ['wss://push.example', 'https://push.example/ws?a=1'],
    ['https://example.com/push/', 'https://example.com/push/ws?a=1'],
  ])('%s has its stream at %s', (text, stream) => {
    expect(parseAddress(text).stream('/ws', new URLSearchParams({ a: '1' })).href).toBe(stream);
  });

  test.each(['', 'localhost:8080', 'ftp://x', 'http://', 'http://x/?token=1', '127.0.0.1'])(
    '%j is none',
    (text) => {
      expect(() => parseAddress(text)).toThrow(RangeError);
    },
  );

  test('of a client is checked at once, and so are a token and protocols', () => {
    const url = 'http://127.0.0.1:1';
    expect(() => createPushClient({ url: 'x' })).toThrow(RangeError);
    expect(() => createPushClient({ url, token: 'a b' })).toThrow(RangeError);
    expect(() => createPushClient({ url, protocols: [] })).toThrow(RangeError);
  });
});

describe('an event is the same on both protocols', () => {
  test.each([
    ['json', '{"a":1}', { a: 1 }],
    ['json', '"text"', 'text'],
    ['json', '"5"', '5'],
    ['json', '5', 5],
    ['text', 'hello "you"', 'hello "you"'],
    ['text', '', ''],
    ['text', 'two\nlines', 'two\nlines'],
    ['json', '{"event":"x"}', { event: 'x' }],
  ] as const)('%s %j', (kind, text, data) => {
    const bytes = Buffer.from(text);
    for (const [event, id] of [
      ['', ''],
      ['', 'i-1'],
      ['quote', ''],
      ['quote', 'i-1'],
    ] as const) {
      const expected = { event: event === '' ? 'message' : event, id, data };
      expect(eventOfText(encodeEnvelope({ event, id, data: bytes, kind }))).toMatchObject(expected);
      expect(eventOfStream(event, id, bytes)).toMatchObject(expected);
    }
  });

  test('binary', () => {
    const data = Buffer.from([0, 1, 250, 255]);
    const expected = { event: 'binary', id: 'i-1', text: 'AAH6/w==', data };
    const frame = Buffer.concat([Buffer.from([3]), Buffer.from('i-1'), data]);
    expect(eventOfBinary(frame)).toEqual(expected);
    expect(eventOfStream('binary', 'i-1', Buffer.from('AAH6/w=='))).toEqual(expected);
  });

  test('numbers keep all their digits in the text', () => {
    const big = Buffer.from('{"event":"x","data":12345678901234567890}');
    expect(eventOfText(big).text).toBe('12345678901234567890');
  });
});

describe('a refusal', () => {
  test.each([
    ['text/plain', 'there is no room\n', 'there is no room', true],
    ['text/html', '<h1>Not found</h1>', 'the server answered 404', false],
    ['text/plain', '', 'the server answered 404', false],
    ['text/plain; charset=utf-8', 'two\nlines', 'the server answered 404', false],
  ])('%s %j says %j', (type, text, says, spoken) => {
    expect(refusalEnd(404, { 'content-type': type }, text)).toMatchObject({ says, spoken });
  });

  test('says when to come back, in seconds', () => {
    expect(refusalEnd(503, { 'retry-after': '5' }, '')).toMatchObject({ retryMs: 5_000 });
    expect(refusalEnd(503, { 'retry-after': 'Wed, 21 Oct 2026' }, '')).toMatchObject({
      retryMs: undefined,
    });
  });

  test('is none where nobody is, however a library wraps it', () => {
    const refused = Object.assign(new Error(''), { code: 'ECONNREFUSED' });
    expect(isUnreachable(refused)).toBe(true);
    expect(isUnreachable(new AggregateError([refused, refused]))).toBe(true);
    expect(isUnreachable(new Error('x', { cause: refused }))).toBe(true);
    expect(isUnreachable(new Error('socket hang up'))).toBe(false);
  });
});

describe('what waits for a connection', () => {
  test('is done in order once there is one, and then at once', async () => {
    const outbox = new Outbox(10);
    const done: number[] = [];
    const add = (n: number): Promise<void> => outbox.run(async () => void done.push(n));
    const waiting = [add(1), add(2)];
    expect(done).toEqual([]);
    outbox.open();
    await Promise.all([...waiting, add(3)]);
    outbox.hold();
    const fourth = add(4);
    expect(done).toEqual([1, 2, 3]);
    outbox.open();
    await fourth;
    expect(done).toEqual([1, 2, 3, 4]);
  });

  test('is limited, and refused when there will be none any more', async () => {
    const outbox = new Outbox(1);
    const first = outbox.run(async () => undefined);
    await expect(outbox.run(async () => undefined)).rejects.toMatchObject({ code: 'full' });
    outbox.close('enough');
    await expect(first).rejects.toMatchObject({ code: 'closed', message: 'enough' });
    await expect(outbox.run(async () => undefined)).rejects.toMatchObject({ code: 'closed' });
  });
});

describe('a request', () => {
  function create(send: (operation: string) => Promise<void> = async () => undefined) {
    const timers = new FakeTimers();
    const sent: string[] = [];
    const requests = new Requests(timers, async (operation, isWanted) => {
      if (!isWanted()) return;
      sent.push(operation);
      await send(operation);
    });
    return { timers, sent, requests };
  }

  test('is answered by its id, whatever the order', async () => {
    const { requests, sent, timers } = create();
    const [a, b] = [requests.request('a', {}), requests.request(undefined, {})];
    expect(sent).toEqual([
      '{"op":"request","id":"1","data":"a"}',
      '{"op":"request","id":"2","data":null}',
    ]);
    requests.take('answer', { id: '2', data: 'B' });
    requests.take('answer', { id: '1', error: 'no' });
    requests.take('answer', { id: '1', data: 'late' });
    expect(await b).toBe('B');
    await expect(a).rejects.toMatchObject({ code: 'failed', message: 'no' });
    expect(timers.pending).toBe(0);
  });

  test('that takes too long is cancelled, and says whether it was ever sent', async () => {
    const { requests, sent, timers } = create();
    const slow = requests.request(1, { timeoutMs: 100 });
    timers.advance(100);
    await expect(slow).rejects.toMatchObject({
      code: 'timeout',
      message: 'no answer within 100 ms',
    });
    expect(sent.at(-1)).toBe('{"op":"cancel","id":"1"}');
    const never = new Requests(timers, () => new Promise(() => undefined));
    const unsent = never.request(1, { timeoutMs: 100 });
    timers.advance(100);
    await expect(unsent).rejects.toThrow('no answer within 100 ms; there was no connection');
  });

  test('that is given up is cancelled, and one given up before is not sent', async () => {
    const { requests, sent } = create();
    const abort = new AbortController();
    const given = requests.request(1, { signal: abort.signal });
    abort.abort();
    await expect(given).rejects.toMatchObject({ code: 'cancelled' });
    await expect(requests.request(1, { signal: abort.signal })).rejects.toMatchObject({
      code: 'cancelled',
    });
    expect(sent).toEqual(['{"op":"request","id":"1","data":1}', '{"op":"cancel","id":"1"}']);
  });

  test('that could not be sent is rejected with the reason', async () => {
    const { requests } = create(() => Promise.reject(new PushClientError('refused', 'no')));
    await expect(requests.request(1, {})).rejects.toMatchObject({ code: 'refused' });
    await expect(requests.request(1n, {})).rejects.toThrow(TypeError);
  });

  test('of which the POST was lost is lost too, unless the whole connection was', async () => {
    const { requests, timers } = create(() => Promise.reject(new PushClientError('lost', 'cut')));
    const alone = requests.request(1, {});
    await Promise.resolve();
    await Promise.resolve();
    timers.advance(1_000);
    await expect(alone).rejects.toMatchObject({ code: 'lost', message: 'cut' });
    const withAll = requests.request(2, {});
    requests.cut();
    timers.advance(1_000);
    requests.take('answer', { id: '2', data: 'after all' });
    expect(await withAll).toBe('after all');
  });

  test('that was under way when the session was forgotten is lost, one that waited is not', async () => {
    const held: (() => boolean)[] = [];
    const requests = new Requests(new FakeTimers(), async (_operation, isWanted) => {
      held.push(isWanted);
    });
    const sent = requests.request(1, {});
    held[0]?.();
    const waiting = requests.request(2, {});
    requests.cut();
    requests.forgotten();
    await expect(sent).rejects.toMatchObject({ code: 'lost' });
    held[1]?.();
    requests.take('answer', { id: '2', data: 'yes' });
    expect(await waiting).toBe('yes');
  });

  test('hands over the parts of its answer before the end', async () => {
    const { requests } = create();
    const parts: unknown[] = [];
    const whole = requests.request(1, { onPart: (part) => parts.push(part) });
    requests.take('part', { id: '1', part: 0, data: 'a' });
    requests.take('part', { id: '1', part: 1, data: 'b' });
    requests.take('answer', { id: '1', data: 'end' });
    expect([...parts, await whole]).toEqual(['a', 'b', 'end']);
  });
});

describe('a question of the server', () => {
  const create = () => {
    const sent: unknown[] = [];
    const asks = new AskAnswerer(async (operation) => void sent.push(JSON.parse(operation)));
    return { asks, sent };
  };

  test.each<[string, () => unknown, unknown]>([
    ['a value', () => 1, { data: 1 }],
    ['nothing', () => undefined, { data: null }],
    ['a promise', async () => [2], { data: [2] }],
    ['an error', () => Promise.reject(new Error('no')), { error: 'no' }],
    ['what is no JSON', () => 1n, { error: expect.stringContaining('BigInt') }],
  ])('is answered with %s', async (_what, handler, answer) => {
    const { asks, sent } = create();
    asks.handler = handler;
    await asks.answer({ id: 'q', data: null });
    expect(sent).toEqual([{ op: 'answer', id: 'q', ...(answer as object) }]);
  });

  test('is answered in parts by a generator', async () => {
    const { asks, sent } = create();
    asks.handler = async function* (data) {
      yield data;
      return 'end';
    };
    await asks.answer({ id: 'q', data: 'first' });
    expect(sent).toEqual([
      { op: 'part', id: 'q', data: 'first' },
      { op: 'answer', id: 'q', data: 'end' },
    ]);
  });

  test('is refused where nobody answers', async () => {
    const { asks, sent } = create();
    await asks.answer({ id: 'q' });
    expect(sent).toEqual([{ op: 'answer', id: 'q', error: 'this client answers no questions' }]);
  });

  test('is not answered any more when its connection is gone', async () => {
    const { asks, sent } = create();
    let aborted = false;
    asks.handler = async (_data, signal) => {
      asks.abandon();
      aborted = signal.aborted;
    };
    await asks.answer({ id: 'q' });
    expect({ sent, aborted }).toEqual({ sent: [], aborted: true });
  });
});
