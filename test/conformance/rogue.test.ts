/**
 * Servers that are none, against every client there is: each ends with a sentence that says what was
 * expected, what came and what to do; and none is waited for longer than was allowed.
 */
import { describe, expect, test } from 'vitest';
import type { Connect, Endpoint } from '../../core/transport.ts';
import { explain, HandshakeError } from '../../core/transport.ts';
import { EVENT_STREAM, WEB_SOCKET } from '../../transports/handshake-trouble.ts';
import type { Protocol } from '../../transports/push-client/link.ts';
import { transports } from '../../transports/registry.ts';
import { createUpstream } from '../../transports/upstream.ts';
import type { Behaviour } from '../misbehaving-server.ts';
import { hangUp, says, silence, trickle } from '../misbehaving-server.ts';
import { neverAccepts } from '../never-accepts.ts';
import { createRecorder } from '../recorder.ts';
import { watchClient } from '../watched-client.ts';
import { serve } from './lean-clients.ts';

/** Of those that answer, none is to be given up because the machine held somebody up. */
const TIMEOUT_MS = 10_000;

interface Rogue {
  readonly what: string;
  /** Left out: it never accepts. */
  readonly behave?: Behaviour;
  /** Where waiting for it is the point. */
  readonly timeoutMs?: number;
  /** What a client of a transport says; EXPECTED stands for what it wants to hear. */
  readonly message: string | RegExp;
  readonly hint: RegExp;
  readonly retryMs?: number;
  /** What a POST beside a stream says, without the path. */
  readonly post: string | RegExp;
  /** What a push client says. */
  readonly pushed: RegExp;
}

const NOT_ANSWERED = /^was not answered within 1000 ms$/;

const rogues: readonly Rogue[] = [
  {
    what: 'never accepts a connection',
    timeoutMs: 150,
    message: /^no connection to 127\.0\.0\.1:\d+ within 150 ms$/,
    hint: /firewall.*--connect-timeout/,
    post: /^was not answered: Connect Timeout Error/,
    pushed: /^no answer within 150 ms$/,
  },
  {
    what: 'accepts and says nothing',
    behave: silence,
    timeoutMs: 1_000,
    message: 'no answer within 1000 ms',
    hint: /accepted.*--connect-timeout/,
    post: NOT_ANSWERED,
    pushed: /^no answer within 1000 ms$/,
  },
  {
    what: 'trickles a head that never ends',
    behave: trickle,
    timeoutMs: 1_000,
    message: 'no answer within 1000 ms',
    hint: /--connect-timeout/,
    post: NOT_ANSWERED,
    pushed: /^no answer within 1000 ms$/,
  },
  {
    what: 'closes at once',
    behave: hangUp,
    message: 'the server ended the connection before it answered',
    hint: /see the log of the server/,
    post: /^was not answered: other side closed$/,
    pushed: /other side closed|socket hang up/,
  },
  {
    what: 'answers 503 and says when to come back',
    behave: says('HTTP/1.1 503 Service Unavailable', 'Retry-After: 2', 'Content-Length: 0'),
    message: 'the server answered 503 Service Unavailable (Retry-After: 2) instead of EXPECTED',
    hint: /come back when it says/,
    retryMs: 2_000,
    post: 'answered 503 instead of 2xx (Retry-After: 2)',
    pushed: /^the server answered 503$/,
  },
  {
    what: 'answers 401',
    behave: says('HTTP/1.1 401 Unauthorized', 'Content-Length: 0'),
    message: 'the server answered 401 Unauthorized instead of EXPECTED',
    hint: /check the token/,
    post: 'answered 401 instead of 2xx',
    pushed: /^the server answered 401$/,
  },
  {
    what: 'answers with a redirect',
    behave: says(
      'HTTP/1.1 307 Temporary Redirect',
      'Location: /other',
      'Connection: close',
      'Content-Length: 0',
    ),
    message: 'the server answered 307 Temporary Redirect to /other instead of EXPECTED',
    hint: /\/other/,
    post: 'answered 307 instead of 2xx (Location: /other)',
    pushed: /^the server answered 307 and sends to \/other$/,
  },
];

/** What depends on the protocol. */
const PAGE = says('HTTP/1.1 200 OK', 'Content-Type: text/html', 'Content-Length: 0');
const pages = {
  sse: 'the server answered 200 OK with text/html instead of 200 with text/event-stream',
  ws: 'the server answered 200 OK instead of 101 Switching Protocols',
};
const expectedBy = { sse: EVENT_STREAM, ws: WEB_SOCKET };

async function endpointOf(behave: Behaviour | undefined): Promise<Endpoint> {
  if (behave !== undefined) return (await serve(behave)).endpoint;
  return { host: '127.0.0.1', port: await neverAccepts(), path: '/stream' };
}

async function refusalOf(
  connect: Connect,
  endpoint: Endpoint,
  timeoutMs = TIMEOUT_MS,
): Promise<unknown> {
  const recorder = createRecorder();
  const attempt = connect({
    endpoint,
    timeoutMs,
    sink: recorder,
    client: 0,
    clock: () => 0,
  });
  const refusal = await attempt.then(
    () => 'connected',
    (error: unknown) => error,
  );
  // A connection that never was cannot end.
  expect(recorder.causes.size).toBe(0);
  return refusal;
}

const clients = (['sse', 'ws'] as const).flatMap((name) =>
  (['lean', 'library'] as const).map((kind) => ({ name, kind })),
);

describe.each(clients)('the $kind client of $name', ({ name, kind }) => {
  const connect = transports[name].clients[kind];
  if (typeof connect !== 'function') throw new Error(connect.unavailable);

  test.each(rogues)(
    'says so when a server $what',
    async ({ behave, message, hint, retryMs, timeoutMs }) => {
      const refusal = await refusalOf(connect, await endpointOf(behave), timeoutMs);
      expect(refusal).toBeInstanceOf(HandshakeError);
      expect(refusal).toMatchObject({
        message:
          typeof message === 'string'
            ? message.replace('EXPECTED', expectedBy[name])
            : expect.stringMatching(message),
        hint: expect.stringMatching(hint),
        retryMs,
      });
    },
  );

  test('says so when a server answers with a page for browsers', async () => {
    const refusal = await refusalOf(connect, await endpointOf(PAGE));
    expect(refusal).toMatchObject({
      message: pages[name],
      hint: expect.stringMatching(name === 'sse' ? /check the address/ : /drops the upgrade/),
    });
    expect(explain(refusal)).toMatch(/^the server answered .* \(.*\)$/);
  });
});

describe('a POST beside a stream', () => {
  test.each(rogues)(
    'says so when a server $what',
    async ({ behave, post, timeoutMs = TIMEOUT_MS }) => {
      const causes: string[] = [];
      const upstream = createUpstream(await endpointOf(behave), {
        connections: 1,
        pipelining: 1,
        timeoutMs,
        // Who accepts does so in time.
        connectTimeoutMs: behave === undefined ? timeoutMs : TIMEOUT_MS,
        onFailure: (cause) => causes.push(cause),
      });
      const failure = upstream.post('/publish', 'text/plain', Buffer.from('x')).then(
        () => 'answered',
        (error: unknown) => (error instanceof Error ? error.message : ''),
      );
      const said = (await failure).replace(/^POST \/publish /, '');
      if (typeof post === 'string') expect(said).toBe(post);
      else expect(said).toMatch(post);
      expect(causes).toEqual([`POST ${said}`]);
      await upstream.close();
    },
  );
});

describe.each<Protocol>(['sse', 'ws'])('a push client over %s', (protocol) => {
  test.each(rogues)(
    'says so when a server $what',
    async ({ behave, pushed, retryMs, timeoutMs = TIMEOUT_MS }) => {
      const { port } = await endpointOf(behave);
      const client = watchClient({
        url: `http://127.0.0.1:${port}`,
        protocols: [protocol],
        connectTimeoutMs: timeoutMs,
      });
      const state = await client.when(() =>
        client.states.find(({ is }) => is === 'waiting' || is === 'closed'),
      );
      const causes = 'causes' in state ? state.causes : [];
      expect(causes).toMatchObject([{ says: expect.stringMatching(pushed) }]);
      // The time that the server names is the one that is kept.
      if (retryMs !== undefined) expect(client.asked[0]).toBe(retryMs);
    },
  );

  test('says so when a server answers with a page for browsers, and does not ask again', async () => {
    const { port } = await endpointOf(PAGE);
    const client = watchClient({ url: `http://127.0.0.1:${port}`, protocols: [protocol] });
    const state = await client.when(() => client.states.find(({ is }) => is === 'closed'));
    expect(state).toMatchObject({
      causes: [{ says: 'the server answered 200 with text/html, which no push server does' }],
    });
  });
});
