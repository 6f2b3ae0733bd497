/** Blame is found by changing, with a path whose faults are known in place of a real one. */
import { describe, expect, test } from 'vitest';
import { changesFor, findBlame } from '../../loadgen/tune/blame.ts';
import { valueIn } from '../../loadgen/tune/edit.ts';
import type { Harm } from '../../loadgen/tune/harms.ts';
import { commonHarms, harmsIn } from '../../loadgen/tune/harms.ts';
import { knobsOf } from '../../loadgen/tune/knobs/registry.ts';
import { proxies } from '../../proxies/registry.ts';

const { nginx } = proxies;
const { harmless } = knobsOf.nginx;
const held: Harm = { kind: 'held', transport: 'sse', says: 'held' };
const dead: Harm = { kind: 'no-stream', transport: 'ws', says: 'dead' };

const config = (lines: string): string =>
  `http {\n  server { location / { proxy_pass http://{upstream}; ${lines} } }\n}\n`;
const of = (text: string, name: string): string => valueIn(nginx, text, name) ?? '';

/** Events are held over HTTP/1.0 with buffering; a WebSocket takes two headers and HTTP/1.1. */
function pretended(text: string): Harm[] {
  const isOld = of(text, 'proxy_http_version') !== '1.1';
  const isHeld = isOld && of(text, 'proxy_buffering') !== 'off';
  const isDead =
    isOld ||
    of(text, 'proxy_set_header Upgrade') === '' ||
    of(text, 'proxy_set_header Connection') === '';
  return [...(isHeld ? [held] : []), ...(isDead ? [dead] : [])];
}

async function blame(text: string) {
  let looks = 0;
  const blamed = await findBlame(nginx, text, harmless, pretended(text), async (changed) => {
    looks += 1;
    return pretended(changed);
  });
  const found = blamed.map(({ harm, by, how }) => [
    harm.kind,
    how,
    by.map(({ directive }) => directive),
  ]);
  return { found, looks };
}

describe('findBlame', () => {
  test('each directive that mends it alone is named, those that are written only', async () => {
    const { found } = await blame(config('proxy_http_version 1.0; proxy_buffering on;'));
    expect(found[0]).toEqual(['held', 'each', ['proxy_http_version', 'proxy_buffering']]);
  });

  test('where nothing that is written mends it, what is missing is tried', async () => {
    const { found } = await blame(config('proxy_buffering off;'));
    expect(found).toEqual([
      [
        'no-stream',
        'together',
        ['proxy_http_version', 'proxy_set_header Upgrade', 'proxy_set_header Connection'],
      ],
    ]);
  });

  test('what nothing mends is not blamed on anything', async () => {
    const text = config('proxy_buffering on;');
    const blamed = await findBlame(nginx, text, harmless, [held], async () => [held]);
    expect(blamed).toEqual([{ harm: held, by: [], how: 'unknown' }]);
  });

  test('nothing is looked at where nothing is wrong', async () => {
    const good = `proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;`;
    expect(await blame(config(good))).toEqual({ found: [], looks: 0 });
  });
});

test('directives that say what does no harm are not changed', () => {
  const text = config('proxy_buffering off; proxy_http_version 1.0; proxy_read_timeout 5s;');
  const changes = changesFor(nginx, text, harmless);
  expect(changes.map(({ directive }) => directive)).not.toContain('proxy_buffering');
  expect(changes).toContainEqual({ directive: 'proxy_read_timeout', was: '5s', harmless: '1h' });
  expect(changes).toContainEqual({ directive: 'send_timeout', was: undefined, harmless: '1h' });
});

describe('harms', () => {
  const look = (measure: string, figures: Record<string, number>, problem?: string) =>
    harmsIn(measure, 'sse', {
      repeat: 0,
      figures,
      facts: {},
      ...(problem === undefined ? {} : { problem }),
    }).map(({ kind, says }) => `${kind}: ${says}`);

  test.each([
    ['head', {}, []],
    ['fast', { sent: 250, missing: 250 }, ['held: SSE: 250 of 250 events are held back.']],
    [
      'fast',
      { sent: 250, clumpedShare: 0.5 },
      ['clumped: SSE: 50 % of the events come in clumps.'],
    ],
    ['fast', { sent: 250, addedMs: 1 }, []],
    [
      'fast',
      { sent: 0, missing: 0 },
      ['held: SSE: the stream was over before its head had come through.'],
    ],
    ['idle', { 'both.survivedMs': 3_000 }, []],
    [
      'idle',
      { 'both.notSurvivedMs': 2_000, 'both.cutMs': 1_500, 'client.notSurvivedMs': 1_800 },
      ['cut: SSE: cut after a silence of 1.50 s.'],
    ],
    ['stalled', { takenBytes: 2 ** 20 }, []],
  ] as const)('%s %j', (measure, figures, says) => {
    expect(look(measure, figures)).toEqual(says);
  });

  test('a stream that does not come about is one harm, and not one of every measure', () => {
    expect(look('head', {}, 'it answers 404')).toEqual([
      'no-stream: SSE: no stream comes about: it answers 404.',
    ]);
    expect(look('idle', {}, 'it answers 404')).toEqual([]);
    // Its head came, and that of a stream that gives no advice on buffering did not.
    expect(look('fast', {}, 'no answer')).toEqual([
      'held: SSE: not even the head comes through: no answer.',
    ]);
  });

  test('where no stream comes about, that is all', () => {
    const heldToo = { ...held, transport: 'ws' as const };
    expect(commonHarms([[dead, heldToo, held]])).toEqual([dead, held]);
  });

  test('what shows in one of three repeats is no harm', () => {
    expect(commonHarms([[held], [], []])).toEqual([]);
    expect(commonHarms([[held], [{ ...held, kind: 'clumped' }], []])).toEqual([held]);
  });
});
