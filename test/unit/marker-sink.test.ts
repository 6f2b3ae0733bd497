/** What the clients of somebody else's server make of what comes: deliveries, nothing, or strays. */
import { describe, expect, test } from 'vitest';
import { createMarkerWriter } from '../../core/marker.ts';
import type { Dialect } from '../../core/transport.ts';
import type { Comebacks } from '../../loadgen/comebacks.ts';
import { wordsOf } from '../../loadgen/connect-query.ts';
import { MarkerSink } from '../../loadgen/marker-sink.ts';
import { Receiver } from '../../loadgen/receiver.ts';
import { strayCauses } from '../../loadgen/stray-causes.ts';

const TAG = '4f1c90ab';
const dialect: Dialect = {
  tag: TAG,
  headers: {},
  opening: [],
  replies: [],
  ignore: [],
  resume: false,
};
const write = createMarkerWriter(TAG, 100);
const marker = (seq: number): string => write(seq, 1_000_000, 2_000_000).toString();

/** Of what was no delivery. */
const nothing: ReturnType<MarkerSink['report']> = {
  ignored: 0,
  ignoredEvents: [],
  unmarked: 0,
  changed: 0,
  other: 0,
  samples: [],
};

function open(changes: Partial<Dialect> = {}) {
  const receiver = new Receiver(1);
  receiver.expect({
    firstSeq: 10,
    count: 5,
    audience: { kind: 'everybody' },
    ordered: false,
    deadlineMs: 100,
    sampleEvery: 1,
  });
  const markers = new MarkerSink(receiver, { ...dialect, ...changes });
  const say = (text: string, event = '', id = ''): void => {
    // Anywhere in a buffer, with what earlier reads have left behind it.
    const bytes = Buffer.from(`xx${text}${marker(14)}`);
    markers.message(0, bytes, 2, 2 + Buffer.byteLength(text), 5_000_000, event, id);
  };
  return { receiver, markers, say };
}

test('a message is a delivery with the times of its marker, whatever is around it', () => {
  const { receiver, markers, say } = open();
  say(`{"text":"${marker(10)}"}`);
  say(`<b>${marker(11)}</b>`, 'news');
  const { counts, due, sent, cells } = receiver.collect();
  expect(counts).toMatchObject({ received: 2, duplicated: 0, foreign: 0, beforeDue: 0 });
  expect([due.totalCount, due.maxValue, sent.maxValue]).toEqual([2, 4_000, 3_000]);
  expect([...cells]).toEqual([4_001, 4_001, 0, 0, 0]);
  expect(markers.report()).toEqual(nothing);
});

test('several messages in one are counted each, and the second of a number is a duplicate', () => {
  const { receiver, say } = open();
  say(`[${marker(10)},${marker(12)},${marker(11)},${marker(12)}]`);
  expect(receiver.collect().counts).toMatchObject({
    received: 3,
    reordered: 1,
    duplicated: 1,
    foreign: 0,
  });
});

test('what is to be ignored is neither a delivery nor foreign', () => {
  const { receiver, markers, say } = open({ ignore: ['^2$', '"type":"ping"'] });
  say('2');
  say('{"type":"ping"}');
  say('22');
  // A message is one, even where a pattern would fit.
  say(`{"type":"ping","text":"${marker(10)}"}`);
  expect(receiver.collect().counts).toMatchObject({ received: 1, foreign: 1 });
  expect(markers.report()).toMatchObject({
    ignored: 2,
    unmarked: 1,
    samples: [{ kind: 'unmarked', text: '22' }],
  });
});

test('events under a name that carries no messages mean nothing, and the default has two names', () => {
  const { receiver, markers, say } = open({ events: ['message', 'news'] });
  say(marker(10));
  say(marker(11), 'message');
  say(marker(12), 'news');
  say(marker(12), 'audit');
  expect(receiver.collect().counts).toMatchObject({ received: 3, duplicated: 0, foreign: 0 });
  expect(markers.report().ignored).toBe(1);
});

test('what is none, changed or of another trial is foreign, and the last of it is kept, shortened', () => {
  const { receiver, markers, say } = open();
  for (const weather of ['sun', 'rain', 'hail']) say(weather);
  say('é'.repeat(500));
  say(marker(10).replace('0000000010', '0000000011'));
  say(createMarkerWriter('00000000', 100)(10, 1, 2).toString());
  expect(receiver.collect().counts).toMatchObject({ received: 0, foreign: 6 });
  const { samples, ignoredEvents: _, ...counts } = markers.report();
  expect(counts).toEqual({ ignored: 0, unmarked: 4, changed: 1, other: 1 });
  expect(samples.map(({ kind, text }) => `${kind} ${text.slice(0, 9)}`)).toEqual([
    'unmarked rain',
    'unmarked hail',
    'unmarked ééééééééé',
    'changed pushbench',
    'other pushbench',
  ]);
  for (const { text } of samples) expect(text.length).toBeLessThanOrEqual(201);
  markers.start();
  expect(markers.report()).toEqual(nothing);
});

test('whatever comes shows that the connection lives, and only a message is the first one again', () => {
  const { receiver, say } = open({ ignore: ['ping'] });
  const heard: [string, string][] = [];
  receiver.comebacks = {
    heard: (_client: number, _at: number, event: string, id: string) => heard.push([event, id]),
  } as unknown as Comebacks;
  say('ping', '', '7');
  say('what?', '', '8');
  say(marker(10), 'news', '9');
  expect(heard).toEqual([
    ['ignored', '7'],
    ['stray', '8'],
    ['', '9'],
  ]);
});

describe('in the run file', () => {
  test('what came is told by kind, with one of it, and the same for the same', () => {
    const { markers, say } = open();
    say('{"sid":"lv_VI97HAX"}');
    say('{"sid":"xK_00aBcDe"}');
    const { markers: others, say: sayToOther } = open();
    sayToOther(marker(10).slice(0, 50));
    expect(
      strayCauses([
        { strays: markers.report() },
        { strays: others.report() },
        { strays: undefined },
      ]),
    ).toEqual([
      {
        cause: String.raw`received something in which there is no message of the benchmark, such as "{\"sid\":\"…\"}"`,
        count: 2,
      },
      {
        cause: 'received a message that was changed or cut off on its way, such as "pushbench-…"',
        count: 1,
      },
    ]);
  });
});

describe('a client says', () => {
  const endpoint = { host: 'a', port: 1, path: '/' };
  const phase = { kind: 'connect', clients: 10, rooms: 3 } as const;

  test('to somebody else’s server its number, and what it saw last, but nothing of ours', () => {
    const words = wordsOf({ ...endpoint, dialect }, phase, 7, 'e9');
    expect(words).toEqual({ number: 7, lastEventId: 'e9' });
  });

  test('to ours what its phase wants, and what it saw last in the query', () => {
    expect(wordsOf(endpoint, phase, 7)).toEqual({ query: 'room=r1' });
    expect(wordsOf(endpoint, phase, 7, 'e9')).toEqual({ query: 'room=r1&last_event_id=e9' });
    expect(wordsOf(endpoint, { kind: 'connect', clients: 10 }, 7)).toEqual({});
  });
});

test('the names of events that carry no messages are kept, each once and a few of them', () => {
  const { markers } = open({ events: ['news'] });
  const named = (name: string) => markers.message(0, Buffer.from('x'), 0, 1, 0, name, '');
  for (const name of ['', 'tick', 'tick', 'news', 'a', 'b', 'c', 'd']) named(name);
  expect(markers.report()).toMatchObject({
    ignored: 7,
    ignoredEvents: ['message', 'tick', 'a', 'b', 'c'],
    unmarked: 1,
  });
  markers.start();
  expect(markers.report().ignoredEvents).toEqual([]);
});
