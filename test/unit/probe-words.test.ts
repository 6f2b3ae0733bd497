/** What people read of a probe, whole; and what is kept out of it. */
import { describe, expect, test } from 'vitest';
import { faultOfProbe } from '../../cli/probe-faults.ts';
import { harmless, secretsOf, shownUrl } from '../../cli/secrets.ts';
import type { ProbeResult } from '../../core/records/probe.ts';
import { ProbeFailure } from '../../loadgen/probing/probe-failure.ts';
import { adviceOf } from '../../reports/probe-advice.ts';
import { probeText } from '../../reports/probe-text.ts';

const times = { lookupMs: undefined, connectMs: 10, tlsMs: 20, headMs: 2_500 };
const silent = { server: 5_000, client: 5_000, both: 5_000 };
const result: ProbeResult = {
  url: 'https://example.com/events',
  transport: 'sse',
  head: {
    transport: 'sse',
    samples: [times, times, times],
    typical: times,
    status: 200,
    httpVersion: '1.1',
    alpn: 'h2',
    tls: { protocol: 'TLSv1.3', cipher: 'TLS_AES_256_GCM_SHA384', distrust: undefined },
    keepAlive: [{ name: 'connection', value: 'keep-alive' }],
    hops: [
      { name: 'server', value: 'nginx' },
      { name: 'via', value: '1.1 varnish' },
    ],
    cacheControl: undefined,
    accelBuffering: undefined,
    subprotocol: undefined,
    compression: { unasked: undefined, asked: 'gzip', problem: undefined },
  },
  pingMs: undefined,
  firstEventMs: 1,
  events: {
    events: 30,
    verdict: 'clumped',
    evidence: 'send-times',
    clumped: 30,
    groupSize: 3,
    largest: 3,
    everyMs: 300,
    heldMs: 200,
    delayMs: undefined,
  },
  stampLagMs: 120,
  heartbeats: [{ kind: 'comment', count: 4, everyMs: 1_000, sample: 'beat' }],
  idle: {
    watches: [
      {
        talk: { kind: 'nothing', everyMs: undefined },
        end: { how: 'fin' },
        ageMs: 5_000,
        lastSilence: silent,
        survived: { server: 1_000, client: 0, both: 1_000 },
      },
    ],
    verdict: {
      kind: 'cut',
      silent: ['server'],
      maybeAge: false,
      lowMs: 1_000,
      highMs: 5_000,
      cutMs: 5_000,
      cuts: 1,
    },
    refused: undefined,
    maxMs: 75_000,
    interrupted: false,
  },
};

describe('the text', () => {
  test('says all of it in sections, and ends with what to do', () => {
    expect(`${probeText(result, adviceOf(result))}\n`).toMatchInlineSnapshot(`
      "https://example.com/events is an event stream (SSE).

      Head        TCP 10.0 ms, TLS 20.0 ms, from request to head 2.50 s (median of 3).
                  HTTP/1.1 was used; HTTP/2 is offered. TLSv1.3 with TLS_AES_256_GCM_SHA384.
                  The head is late: the server writes it late, or something on the way holds it until there is a body.
                  On the way: server: nginx; via: 1.1 varnish.
                  Keep-alive: connection: keep-alive.
                  Compression: gzip when asked for, none otherwise.
      Events      30 events, the first 1.00 ms after the head.
                  The first event came together with the late head: something waited for it.
                  They come clumped, in groups of 3 every 300 ms: 30 of 30 arrived together with others though the times they carry say they were sent apart, most by 200 ms.
                  They arrive 120 ms after the time they carry: the delay and the difference of two clocks, which cannot be told apart from here.
      Heartbeats  comments every 1.00 s (4 seen, "beat").
      Idle        Cut after 5.00 s of silence, on 1 of 1 connection, with TCP closed in the middle of the answer.
                  What the server sends keeps it open.
                  The longest silence that was survived is 1.00 s; the shortest that was not, 5.00 s.
                  Whether the server or something on the way cuts cannot be seen from outside.
                    said nothing: ended at 5.00 s with TCP closed in the middle of the answer
      Advice      1. Let the server send a comment line (":" and an empty line) every 2.50 s: at most half of the 5.00 s after which it is cut, so that one late beat does no harm. Jitter it downwards, or all clients beat at once.
                  2. Turn buffering off for this path: send X-Accel-Buffering: no, or set proxy_buffering off (nginx), flush_interval -1 (Caddy), flushpackets=on (Apache), option http-no-delay (HAProxy, which otherwise holds a head that nothing follows for 200 ms); write a comment at once, so that the head does not wait for the first event.
                  3. Make sure that gzip is flushed after every event, or leave text/event-stream out of compression.
                  4. Send Cache-Control: no-cache, no-transform: caches on the way may keep or change a stream without it.
      "
    `);
  });

  test('an age limit is answered with resuming and not with heartbeats', () => {
    const verdict = { ...result.idle.verdict, kind: 'age', silent: [] } as const;
    const aged = { ...result, idle: { ...result.idle, verdict } };
    expect(adviceOf(aged).says[0]).toContain('Heartbeats do not help against a limit on the age');
    expect(probeText(aged, adviceOf(aged))).toContain(
      'All 1 connection that were cut were 5.00 s old',
    );
  });

  test('what was not cut with a heartbeat keeps that heartbeat', () => {
    const verdict = { ...result.idle.verdict, kind: 'none', silent: [], cuts: 0 } as const;
    const kept = { ...result, idle: { ...result.idle, verdict } };
    expect(adviceOf(kept)).toMatchObject({ heartbeatMs: 1_000 });
    expect(adviceOf(kept).says[0]).toContain('Keep the heartbeat of 1.00 s');
  });

  test('a silence that the watching did not outlive is not denied', () => {
    const verdict = {
      ...result.idle.verdict,
      kind: 'none',
      silent: [],
      cuts: 0,
      lowMs: 3,
    } as const;
    const [watch] = result.idle.watches;
    if (watch === undefined) throw new Error('nobody watched');
    const of = (server: number) => {
      const lastSilence = { ...watch.lastSilence, server };
      const watches = [{ ...watch, end: { how: 'open' }, lastSilence } as const];
      const idle = { ...result.idle, watches, verdict, maxMs: 3_000 };
      return adviceOf({ ...result, heartbeats: [], idle }).says[0];
    };
    expect(of(2_900)).toContain(
      'The server had been silent for 2.90 s when the watching was over after 3.00 s, and nothing came after that: watch longer with --max',
    );
    expect(of(900)).toContain('The server never fell silent for long');
  });

  test('the silence of a client is for the client to break', () => {
    const verdict = { ...result.idle.verdict, silent: ['client'] } as const;
    const client = { ...result, transport: 'ws', idle: { ...result.idle, verdict } } as const;
    expect(adviceOf(client).says[0]).toContain('Let the client send a WebSocket ping every 2.50 s');
  });
});

describe('secrets', () => {
  test.each([
    ['https://me:word@host:1/a?token=abc&b', 'https://host:1/a?token=…&b'],
    ['/sign-in?next=/x#y', '/sign-in?next=…'],
    ['wss://host/', 'wss://host/'],
    ['host/a', 'host/a'],
  ])('%s is shown as %s', (url, shown) => {
    expect(shownUrl(url)).toBe(shown);
  });

  test('every part of a header, cookie, password and query is taken out, and the scheme is not', () => {
    const headers = { Authorization: 'Bearer abc.def', Cookie: 'sid=12345; theme=dark' };
    const secrets = secretsOf(headers, new URL('http://me:p%20word@host/?key=value1'));
    const text = 'Bearer abc.def 12345 dark p%20word p word value1 host';
    expect(harmless(text, secrets)).toBe('… … … … … … host');
    expect(harmless('Bearer is a scheme', secrets)).toBe('Bearer is a scheme');
  });

  test('what a server sends cannot steer the terminal', () => {
    expect(harmless('a\u001b[31m\u009bb\nc', [])).toBe('a\\x1b[31m\\x9bb\nc');
  });
});

test.each([
  [
    '</events>; rel="alternate"; type="text/event-stream", </ws>; rel="alternate"',
    'The page names others: probe http://host:1/events or http://host:1/ws.',
  ],
  ['</style.css>; rel="preload"', 'Find the address that the page itself listens to'],
  ['<http://[>; rel=alternate', 'Find the address that the page itself listens to'],
  [undefined, 'Find the address that the page itself listens to'],
])('of a page that names its streams as %s, they are said', (link, hint) => {
  const answer = { status: 200, contentType: 'text/html', location: undefined, link };
  const failure = new ProbeFailure('answer', 'it answers 200', undefined, answer);
  const probe = { url: 'http://host:1/', host: 'host', isWs: false, isSecure: false, timeoutMs: 1 };
  expect(faultOfProbe(failure, { ...probe, show: shownUrl }).hint).toContain(hint);
});
