/** Thousands of damaged requests, frames and lines. A test that fails has its seed in its name. */
import { describe, expect, test } from 'vitest';
import type { Random } from '../../core/random.ts';
import { createRandom } from '../../core/random.ts';
import { opcodes, WsParser } from '../../transports/ws/parser.ts';
import { frame } from '../ws-frames.ts';
import { mutate, pick, randomBytes } from './mutations.ts';
import { besiege } from './siege.ts';
import { httpRequest, openPeer, openWebSocket, upgradeHeaders } from './stubborn-peer.ts';

const SEEDS = Array.from({ length: 8 }, (_, i) => 1_000 + i);
/** Of each seed, in batches whose connections are open together. */
const BATCHES = 6;
const BATCH = 40;

const json = 'Content-Type: application/json';
const requests = [
  httpRequest('GET', '/events?room=a&room=b&key=k&session=new&history=all'),
  httpRequest('GET', '/events?last_event_id=k3f9-17', ['Accept: text/event-stream']),
  httpRequest('GET', '/ws?room=a&session=new', upgradeHeaders),
  httpRequest('GET', '/healthz'),
  httpRequest('OPTIONS', '/publish', [
    'Origin: https://a.test',
    'Access-Control-Request-Method: POST',
  ]),
  httpRequest('POST', '/publish?room=a&event=e&key=k', [json], '{"a":[1,2,{"b":"żółw"}]}'),
  httpRequest('POST', '/publish', ['Content-Type: text/plain'], 'line\nline'),
  httpRequest(
    'POST',
    '/publish',
    ['Content-Type: application/octet-stream'],
    randomBytes(createRandom(1), 64),
  ),
  httpRequest('POST', '/sessions/nobody/send', [json], '{"op":"request","id":"1","data":1}'),
  httpRequest('POST', '/sessions/nobody/ask?timeout=1', [json], '1'),
  Buffer.concat([
    httpRequest('POST', '/publish', [json, 'Transfer-Encoding: chunked']),
    Buffer.from('5\r\n"abc"\r\n0\r\n\r\n'),
  ]),
];
const operations = [
  '{"op":"publish","room":"r","event":"e","key":"k","data":{"a":[1,2,3]}}',
  '{"op":"request","id":"7","data":{"x":"y"}}',
  '{"op":"cancel","id":"7"}',
  '{"op":"answer","id":"7","data":null}',
  '{"op":"answer","id":"7","error":"no"}',
  '{"op":"part","id":"7","data":1}',
  '{"op":"join","room":"r"}',
  '{"op":"leave","room":"main"}',
  '{"op":"resume","session":"s","last":"k3f9-17"}',
  '{"op":"ping"}',
  'just text, żółw 🐢',
].map((text) => Buffer.from(text));

/** Frames of which about half are right. */
function someFrames(random: Random): Buffer {
  const frames = Array.from({ length: 1 + random.int(5) }, () => {
    const content =
      random.int(2) === 0 ? pick(random, operations) : mutate(random, pick(random, operations));
    const opcode = random.int(4) > 0 ? opcodes.text : random.int(16);
    return frame(opcode, opcode >= 8 ? content.subarray(0, 125) : content, {
      masked: random.int(12) > 0,
      more: random.int(12) === 0,
      reserved: random.int(12) === 0 ? random.int(8) : 0,
    });
  });
  const all = Buffer.concat(frames);
  return random.int(2) === 0 ? all : mutate(random, all);
}

/** Batch after batch, each case of a batch at the same time. */
async function inBatches(one: () => Promise<void>): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch += 1) {
    await Promise.all(Array.from({ length: BATCH }, one));
  }
}

describe.each(SEEDS)('with seed %i', (seed) => {
  test(`${BATCHES * BATCH} damaged requests get an answer of HTTP or none, and do no harm`, async () => {
    const random = createRandom(seed);
    await besiege('any', async (server) => {
      await inBatches(async () => {
        const cases = Array.from({ length: 1 + random.int(2) }, () =>
          mutate(random, pick(random, requests)),
        );
        const peer = await openPeer(server.httpPort, Buffer.concat(cases));
        peer.socket.end();
        const heard = await peer.over();
        if (heard !== '') expect(heard).toMatch(/^HTTP\/1\.1 ([1-4]\d\d|503|505) /);
      });
      await server.alone();
    });
  });

  test(`${BATCHES * BATCH} damaged WebSocket streams get frames that are right, and do no harm`, async () => {
    const random = createRandom(seed);
    await besiege('any', async (server) => {
      await inBatches(async () => {
        const frames = someFrames(random);
        const peer = await openWebSocket(server.httpPort, 'session=new');
        peer.say(frames);
        peer.socket.end();
        const heard = await peer.over();
        expect(problemsIn(heard)).toEqual([]);
      });
      await server.alone();
    });
  });

  test(`${BATCHES * BATCH} damaged lines get whole lines, and do no harm`, async () => {
    const random = createRandom(seed);
    await besiege('any', async (server) => {
      await inBatches(async () => {
        const first = Buffer.from('?room=a&session=new&history=5');
        const lines = [
          random.int(3) === 0 ? mutate(random, first) : first,
          ...Array.from({ length: random.int(6) }, () => mutate(random, pick(random, operations))),
        ];
        const said = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
        const peer = await openPeer(server.rawPort, said);
        peer.socket.end();
        const heard = await peer.over();
        if (heard !== '') expect(heard.at(-1)).toBe('\n');
      });
      await server.alone();
    });
  });
});

/** What is wrong with the frames behind the head of an answer, as a strict client sees it. */
function problemsIn(heard: string): string[] {
  const problems: string[] = [];
  const bytes = Buffer.from(heard, 'latin1');
  const bodyAt = bytes.indexOf('\r\n\r\n') + 4;
  const parser = new WsParser({
    message: () => undefined,
    ping: () => undefined,
    pong: () => undefined,
    close: () => undefined,
    error: (code, problem) => void problems.push(`${code} ${problem}`),
  });
  parser.feed(bytes, bodyAt, bytes.length, 0);
  return problems;
}
