/** What `doctor --target` makes of what it saw: the words for each way in which a target can be wrong. */
import { describe, expect, test } from 'vitest';
import type { Checked } from '../../cli/doctor-words.ts';
import { acrossTransports, describeTryout } from '../../cli/doctor-words.ts';
import { whyUnknown } from '../../cli/target-metrics.ts';
import type { LoadedTarget } from '../../core/target.ts';
import type { Sent, Tryout } from '../../loadgen/target-tryout.ts';

const target: LoadedTarget = {
  name: 'mine',
  cwd: '/app',
  file: '/app/mine.ts',
  start: { command: 'node server.js' },
  sse: { url: 'http://127.0.0.1:{port}/events', opening: [{ await: 'hello' }] },
  ws: { url: 'ws://127.0.0.1:{port}/socket' },
  publish: { post: { url: 'http://127.0.0.1:{port}/publish', body: '{message}' } },
};

const good: Sent = {
  messages: 3,
  clients: 2,
  received: 6,
  reached: 2,
  duplicated: 0,
  reordered: 0,
  foreign: 0,
  p50Us: 1_500,
  p99Us: 2_500,
  failures: [],
  ignored: 0,
  ignoredEvents: [],
  strays: [],
  closed: [],
  cpuNs: undefined,
};
const nothing: Sent = { ...good, received: 0, reached: 0, p50Us: undefined, p99Us: undefined };

/** The last step that a tryout of this transport leads to. */
function last(tryout: Partial<Tryout>, of = target): Checked {
  const steps = describeTryout({ transport: 'sse', ...tryout }, of);
  const step = steps.at(-1);
  if (step === undefined) throw new Error('nothing was said');
  return step;
}

const sent = (changes: Partial<Sent>, from = good) => last({ few: { ...from, ...changes } });

describe('what works', () => {
  test('is said with its figures', () => {
    expect(sent({ cpuNs: 2_000_000, ignored: 4 })).toEqual({
      step: 'sse receives',
      ok: true,
      found:
        '3 messages to 2 clients: each arrived exactly once, half of them within 1.50 ms, 99 % within 2.50 ms; 2.00 ms of CPU each; 4 others were ignored, as the file says',
    });
    const endpoint = { host: '127.0.0.1', port: 8080, path: '/' };
    expect(last({ started: { ms: 812.4, endpoint, pids: [7, 8] } }).found).toBe(
      'ready after 812 ms, with the processes beside it, on 127.0.0.1:8080; processes 7, 8',
    );
    const connected = { clients: 2, open: 2, causes: [], handshakeUs: 900 };
    expect(last({ connected }).found).toBe(
      '2 clients connected within 900 µs, and went through one step of opening',
    );
    expect(last({ stopped: { ms: 12.3, left: [] } }).found).toBe('gone after 12 ms');
  });

  test('of a server that runs already is said to', () => {
    const { start: _, ...running } = target;
    const endpoint = { host: '127.0.0.1', port: 8080, path: '/' };
    expect(last({ started: { ms: 1, endpoint, pids: [] } }, running).found).toBe(
      'it runs already at 127.0.0.1:8080; its processes are not known, so what it costs is not measured',
    );
    expect(last({ stopped: { ms: 1, left: [] } }, running).found).toContain('runs on');
  });
});

describe('messages', () => {
  test.each<[string, Partial<Sent>, RegExp, RegExp]>([
    [
      'that nothing comes of',
      { ...nothing },
      /^3 messages to 2 clients: 0 of 6 arrived\.$/,
      /^Publishing was accepted, and nothing came back\./,
    ],
    [
      'that the server refuses',
      { ...nothing, failures: [{ cause: 'publish: the server answered 404', count: 3 }] },
      /3 × publish: the server answered 404/,
      /no such way in: check the path and the method of publish in \/app\/mine\.ts/,
    ],
    [
      'that it wants to know the sender of',
      { ...nothing, failures: [{ cause: 'publish: the server answered 401', count: 3 }] },
      /401/,
      /add headers to publish/,
    ],
    [
      'that come back without the marker',
      { ...nothing, strays: [{ kind: 'unmarked', text: '{"type":"hello"}' }] },
      /came instead, without our message in it: \{"type":"hello"\}/,
      /no \{message\} in it/,
    ],
    [
      'that are ignored',
      { ...nothing, ignored: 3 },
      /0 of 6/,
      /3 things came and were ignored\. Look at sse\.ignore/,
    ],
    [
      'that are changed on their way',
      { ...nothing, foreign: 6, strays: [{ kind: 'changed', text: 'PUSHBENCH-1' }] },
      /but changed on its way: PUSHBENCH-1/,
      /changes the text of a message or cuts it short/,
    ],
    [
      'that come twice',
      { duplicated: 6 },
      /6 of 6 arrived, and 6 more than once\./,
      /subscribed twice/,
    ],
    [
      'of an earlier trial',
      { foreign: 1, strays: [{ kind: 'other', text: 'pushbench-old' }] },
      /a message of an earlier trial: pushbench-old/,
      /Let it start empty/,
    ],
    ['that one client gets', { received: 3, reached: 1 }, /3 of 6/, /^Only 1 of 2 clients got/],
    ['of which some are lost', { received: 5 }, /5 of 6/, /^Some messages got lost/],
    [
      'that end connections',
      { received: 2, closed: [{ cause: 'the server ended the connection', count: 2 }] },
      /2 × connection ended: the server ended the connection/,
      /answer to its heartbeats \(sse\.opening/,
    ],
    [
      'beside which something else comes',
      { foreign: 2, strays: [{ kind: 'unmarked', text: 'tick' }] },
      /tick/,
      /name it: ignore: \['…'\] in sse of/,
    ],
  ])('%s are explained', (_, changes, found, fix) => {
    const step = sent(changes);
    expect(step.ok).toBe(false);
    expect(step.found).toMatch(found);
    expect(step.fix).toMatch(fix);
  });

  test('whose event has another name than the file says are explained by both', () => {
    const few = { ...nothing, ignored: 3, ignoredEvents: ['news', 'message'] };
    const named = { ...target, sse: { url: 'http://x/', events: ['update'] } };
    expect(last({ few }, named).fix).toBe(
      "3 things came and were ignored, because the name of their event is none of 'update': they were named 'news', 'message'. Change sse.events in /app/mine.ts.",
    );
  });

  test('that arrive by one transport only show where to look', () => {
    const both: Tryout[] = [
      { transport: 'sse', few: good },
      { transport: 'ws', few: nothing },
    ];
    expect(acrossTransports(both)).toEqual([
      {
        step: 'both',
        ok: false,
        found: 'The same messages arrive over sse and not over ws.',
        fix: 'Publishing is right, so look at ws: its url, its opening, and what it ignores.',
      },
    ]);
    expect(acrossTransports(both.slice(0, 1))).toEqual([]);
    expect(acrossTransports([{ transport: 'sse', few: nothing }])).toEqual([]);
  });
});

describe('a server', () => {
  test.each([
    ['none of 2 clients could connect: the server answered 401 Unauthorized', /add headers to sse/],
    ['the opening waited for /hello/ and got nothing', /Change sse\.opening/],
    ['connect ECONNREFUSED 127.0.0.1:1', /start\.ready/],
  ])('that refuses with %s is explained', (cause, fix) => {
    const connected = { clients: 2, open: 0, causes: [cause], handshakeUs: undefined };
    expect(last({ connected })).toMatchObject({ ok: false, fix: expect.stringMatching(fix) });
  });

  test('that is looked for at an address where there is nothing is told of that address', () => {
    const start = { command: 'x', ready: { url: 'http://127.0.0.1:{port}/health' } };
    const says =
      'mine was not ready within 20 s: http://127.0.0.1:1/health answers 404. The last it said: up';
    const failed = { step: 'starts', says, lastWords: 'up' } as const;
    expect(last({ failed }, { ...target, start }).fix).toBe(
      'A server is ready when this answers with 2xx: change start.ready.url in /app/mine.ts (now http://127.0.0.1:{port}/health).',
    );
  });

  test('that does not start has its last words', () => {
    const failed = {
      step: 'starts',
      says: 'mine did not get ready: it ended with exit code 1',
      lastWords:
        'at line 3\nError: no database\n    at main.js:3:1\n\nNode.js v20.20.2\nTargetFailure: mine did not get ready',
    } as const;
    expect(last({ failed })).toEqual({
      step: 'sse starts',
      ok: false,
      found: 'mine did not get ready: it ended with exit code 1.',
      fix: 'Try it by hand in /app, and check start in /app/mine.ts.\nThe last it said:\nat line 3\nError: no database',
    });
  });

  test('that does not stop is named', () => {
    expect(last({ stopped: { ms: 3_000, left: [42] } })).toMatchObject({
      ok: false,
      found: 'still running: 42.',
    });
  });
});

describe('a metric', () => {
  const { start: _, ...running } = target;
  test.each<[string, LoadedTarget, boolean]>([
    ['latency.p99', running, true],
    ['reach', running, true],
    ['wire.bytes', running, true],
    ['server.cpu', target, true],
    ['server.cpu', running, false],
    ['server.cpu', { ...running, cost: { pid: 1 } }, true],
    ['server.cpu', { ...running, cost: { metrics: 'http://127.0.0.1:1/' } }, true],
    ['server.switches', { ...running, cost: { metrics: 'http://127.0.0.1:1/' } }, false],
    ['server.switches', { ...target, cost: { metrics: 'http://127.0.0.1:1/' } }, false],
    ['soak.heap.growth', target, false],
    ['soak.memory.growth', target, true],
    ['drops.slow', target, false],
  ])('%s is known or not by what the file says (%#)', (metric, of, isKnown) => {
    expect(whyUnknown(metric, of) === undefined).toBe(isKnown);
  });
});
