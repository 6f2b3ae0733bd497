/** What the lean clients refuse, and that they understand a right answer in whatever pieces it comes. */
import dns from 'node:dns';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { freePort } from '../../core/free-port.ts';
import { EVENT_STREAM, WEB_SOCKET } from '../../transports/handshake-trouble.ts';
import type { Behaviour } from '../misbehaving-server.ts';
import * as misbehaving from '../misbehaving-server.ts';
import { createRecorder, createSignal } from '../recorder.ts';
import { leanClients, openLean, serve } from './lean-clients.ts';

const { says, switches } = misbehaving;

interface Refusal {
  readonly answer: string;
  readonly behave: Behaviour;
  /** EXPECTED stands for what the protocol wants to hear. */
  readonly sentence: string;
  /** Long, unless waiting is the point. */
  readonly timeoutMs?: number;
}

const expectedBy = { sse: EVENT_STREAM, ws: WEB_SOCKET };
const eventStream = 'Content-Type: text/event-stream';
const acceptSentence = 'Sec-WebSocket-Accept does not answer the key that was sent';

const refusals = {
  sse: [
    {
      answer: '200 with text/html',
      behave: says('HTTP/1.1 200 OK', 'Content-Type: text/html'),
      sentence: 'the server answered 200 OK with text/html instead of 200 with text/event-stream',
    },
    {
      answer: '200 with text/event-stream-not',
      behave: says('HTTP/1.1 200 OK', 'Content-Type: text/event-stream-not'),
      sentence:
        'the server answered 200 OK with text/event-stream-not instead of 200 with text/event-stream',
    },
    {
      answer: '200 without a content type',
      behave: says('HTTP/1.1 200 OK'),
      sentence:
        'the server answered 200 OK with no content type instead of 200 with text/event-stream',
    },
    {
      answer: '204',
      behave: says('HTTP/1.1 204 No Content'),
      sentence: 'the server answered 204 No Content instead of 200 with text/event-stream',
    },
    {
      answer: 'a stream in gzip',
      behave: says('HTTP/1.1 200 OK', eventStream, 'Content-Encoding: gzip'),
      sentence: 'the stream is compressed (gzip), which was not asked for',
    },
    {
      answer: 'a head over 16 KiB',
      behave: misbehaving.hugeHead,
      sentence: 'the response head is over 16384 bytes',
    },
  ],
  ws: [
    {
      answer: '200',
      behave: says('HTTP/1.1 200 OK', 'Content-Type: text/html'),
      sentence: 'the server answered 200 OK instead of 101 Switching Protocols',
    },
    {
      answer: '101 with a wrong Sec-WebSocket-Accept',
      behave: switches({ 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }),
      sentence: acceptSentence,
    },
    {
      answer: '101 without Sec-WebSocket-Accept',
      behave: switches({ 'Sec-WebSocket-Accept': undefined }),
      sentence: acceptSentence,
    },
    {
      answer: '101 without Upgrade',
      behave: switches({ Upgrade: undefined }),
      sentence: 'the server switched to something that is not WebSocket',
    },
    {
      answer: '101 to another protocol',
      behave: switches({ Upgrade: 'h2c' }),
      sentence: 'the server switched to something that is not WebSocket',
    },
    {
      answer: '101 without Connection',
      behave: switches({ Connection: undefined }),
      sentence: "the answer lacks 'Connection: Upgrade'",
    },
    {
      answer: '101 with another Connection',
      behave: switches({ Connection: 'keep-alive, not-upgrade' }),
      sentence: "the answer lacks 'Connection: Upgrade'",
    },
    {
      answer: '101 with an extension',
      behave: switches({ 'Sec-WebSocket-Extensions': 'permessage-deflate' }),
      sentence: 'the server turned on an extension that was not offered',
    },
    {
      answer: '101 with a subprotocol',
      behave: switches({ 'Sec-WebSocket-Protocol': 'chat' }),
      sentence: 'the server chose a subprotocol that was not offered',
    },
    {
      answer: 'a head over 16 KiB',
      behave: misbehaving.hugeHead,
      sentence: 'the response head is over 16384 bytes',
    },
  ],
} satisfies Record<string, readonly Refusal[]>;

const refusedByBoth: readonly Refusal[] = [
  {
    answer: '404',
    behave: says('HTTP/1.1 404 Not Found'),
    sentence: 'the server answered 404 Not Found instead of EXPECTED',
  },
  {
    answer: '503',
    behave: says('HTTP/1.1 503 Service Unavailable'),
    sentence: 'the server answered 503 Service Unavailable instead of EXPECTED',
  },
  {
    answer: '503 without words',
    behave: says('HTTP/1.1 503'),
    sentence: 'the server answered 503 instead of EXPECTED',
  },
  {
    answer: 'nothing',
    behave: misbehaving.silence,
    sentence: 'no answer within 1000 ms',
    timeoutMs: 1_000,
  },
  {
    answer: 'a head that trickles in and never ends',
    behave: misbehaving.trickle,
    sentence: 'no answer within 1000 ms',
    timeoutMs: 1_000,
  },
  {
    answer: 'the end of the connection',
    behave: misbehaving.hangUp,
    sentence: 'the server ended the connection before it answered',
  },
  {
    answer: 'the end of the connection within the head',
    behave: misbehaving.hangUpInTheHead,
    sentence: 'the server ended the connection before it answered',
  },
  { answer: 'a reset of the connection', behave: misbehaving.reset, sentence: 'read ECONNRESET' },
  {
    answer: 'another protocol, and then waits',
    behave: misbehaving.anotherProtocol,
    sentence: 'not an HTTP/1.1 answer: "SSH-2.0-OpenSSH_9.2\\r\\n"',
  },
  {
    answer: 'a broken status line',
    behave: misbehaving.brokenStatusLine,
    sentence: 'not an HTTP/1.1 answer: "HTTP/1.x nonsense"',
  },
];

for (const name of ['sse', 'ws'] as const) {
  describe(`the lean ${name} client`, () => {
    test.each([...refusals[name], ...refusedByBoth])(
      'refuses a server that answers $answer',
      async (refusal) => {
        const { behave, sentence, timeoutMs = 10_000 } = refusal as Refusal;
        const server = await serve(behave);
        const recorder = createRecorder();
        const attempt = openLean(leanClients[name], {
          endpoint: server.endpoint,
          timeoutMs,
          recorder,
        });
        await expect(attempt).rejects.toMatchObject({
          name: 'HandshakeError',
          message: sentence.replace('EXPECTED', expectedBy[name]),
        });
        await server.allGone();
        expect(recorder.causes.size).toBe(0);
      },
    );
  });
}

for (const name of ['sse', 'ws', 'raw'] as const) {
  test(`the lean ${name} client says so when the connection is refused`, async () => {
    const endpoint = { host: '127.0.0.1', port: await freePort(['127.0.0.1']), path: '/' };
    await expect(openLean(leanClients[name], { endpoint })).rejects.toMatchObject({
      name: 'HandshakeError',
      message: `connect ECONNREFUSED 127.0.0.1:${endpoint.port}`,
    });
  });
}

test('a name of two addresses that both refuse is refused with a sentence', async () => {
  const port = await freePort(['127.0.0.1']);
  const answers = [
    { address: '127.0.0.1', family: 4 },
    { address: '127.0.0.2', family: 4 },
  ];
  const lookup = vi
    .spyOn(dns, 'lookup')
    .mockImplementation(((_name: string, _options: object, done: (...args: unknown[]) => void) =>
      done(null, answers)) as unknown as typeof dns.lookup);
  onTestFinished(() => lookup.mockRestore());
  await expect(
    openLean(leanClients.sse, { endpoint: { host: 'two.test', port, path: '/' } }),
  ).rejects.toMatchObject({
    name: 'HandshakeError',
    message: `connect ECONNREFUSED 127.0.0.1:${port}`,
  });
});

/** A right answer and two messages behind it, as each protocol writes them. */
const answers = {
  sse: () => ({
    head: `HTTP/1.1 200 OK\r\n${eventStream}; charset=utf-8\r\nTransfer-Encoding: chunked\r\n\r\n`,
    stream: '5\r\n: ok\n\r\n12\r\ndata: 1\n\ndata: 2\n\n\r\n',
  }),
  ws: (requestHead: string) => ({
    head: `HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nconnection: keep-alive, Upgrade\r\nsec-websocket-accept: ${misbehaving.acceptOf(requestHead)}\r\n\r\n`,
    stream: '\x81\x011\x81\x012',
  }),
};

describe.each(['sse', 'ws'] as const)('an answer to the lean %s client', (name) => {
  /** Sends the answer in pieces, each when the one before has been read. */
  async function receiveInPieces(piecesOf: (answer: string) => readonly string[]) {
    const reads = createSignal();
    let count = 0;
    const server = await serve((socket, requestHead) => {
      const answer = answers[name](requestHead);
      const pieces = piecesOf(answer.head + answer.stream).filter((piece) => piece !== '');
      const sendFrom = async (index: number): Promise<void> => {
        await reads.until(() => (count >= index ? true : undefined));
        socket.write(pieces[index] ?? '', 'latin1');
        if (index + 1 < pieces.length) await sendFrom(index + 1);
      };
      void sendFrom(0);
    });
    const recorder = createRecorder();
    // The client reads the clock once per read, before anything else.
    const clock = () => {
      count += 1;
      reads.raise();
      return count;
    };
    const client = await openLean(leanClients[name], {
      endpoint: server.endpoint,
      recorder,
      clock,
    });
    const messages = await recorder.received(0, 2);
    expect(messages.map(String)).toEqual(['1', '2']);
    client.close();
    await server.close();
    return { reads: count };
  }

  test('may share a packet with the first messages', async () => {
    expect(await receiveInPieces((answer) => [answer])).toEqual({ reads: 1 });
  });

  test('may be split at any byte', async () => {
    let length = 1;
    for (let place = 1; place < length; place += 1) {
      const { reads } = await receiveInPieces((answer) => {
        length = answer.length;
        return [answer.slice(0, place), answer.slice(place)];
      });
      expect(reads).toBe(2);
    }
  });

  test('may come in single bytes', async () => {
    const { reads } = await receiveInPieces((answer) => [...answer]);
    expect(reads).toBeGreaterThan(100);
  });
});
