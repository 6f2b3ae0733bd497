/** What is made of the texts of a target file: addresses, what clients say, messages, and what a server says of its cost. */
import { describe, expect, test } from 'vitest';
import type { Target } from '../../core/target.ts';
import { parseMetrics } from '../../servers/target/cost-source.ts';
import { addressOf, endpointOf } from '../../servers/target/dialect.ts';
import {
  argumentsOf,
  fill,
  fillCommand,
  holdsMessage,
  messageTemplate,
} from '../../servers/target/placeholders.ts';
import { errorLine, lastLine } from '../../servers/target/target-failure.ts';

const places = { port: 8_123, folder: '/tmp/of-its-own' };

const target: Target = {
  name: 'mine',
  start: { command: 'node server.js' },
  sse: {
    url: 'http://localhost:{port}/events/{client}?id={id}&as=a b',
    headers: { cookie: 'port={port}' },
    events: ['news'],
    resume: true,
    ignore: ['^beat$'],
  },
  ws: {
    url: 'wss://[::1]/socket.io/?EIO=4&transport=websocket',
    subprotocol: 'v1',
    opening: [
      { await: '^0\\{"sid":"(?<id>[^"]+)"' },
      { send: '40{port}' },
      { post: { url: 'http://localhost:{port}/join?who={id}', body: '{client}' } },
    ],
    replies: [{ when: '2', send: '3' }],
  },
  publish: { post: { url: 'http://localhost:{port}/publish', body: '{message}' } },
};

describe('placeholders', () => {
  test('are filled wherever they stand, and those of clients are left', () => {
    expect(fill('{port} {folder}/{port} {client} {id} {message}', places)).toBe(
      '8123 /tmp/of-its-own/8123 {client} {id} {message}',
    );
  });

  test('leave the port alone of a server that runs already', () => {
    expect(fill('{port}', { ...places, port: undefined })).toBe('{port}');
  });

  test.each([
    ['a line, for the shell', 'serve -p {port}', ['/bin/sh', '-c', 'serve -p 8123']],
    ['a program with arguments', ['serve', '-p', '{port}'], ['serve', '-p', '8123']],
  ])('are filled in a command: %s', (_, command, expected) => {
    expect(argumentsOf(fillCommand(command, places))).toEqual(expected);
  });

  test.each([
    ['{message}', 'M'],
    ['a {message} b', 'a M b'],
    ['{message}{message} and {message}', 'MM and M'],
    ['nothing', 'nothing'],
  ])('of messages: %s', (text, expected) => {
    expect(messageTemplate(text)('M')).toBe(expected);
  });

  test('a message is found in a line, in arguments, or nowhere', () => {
    expect(holdsMessage('publish {message}')).toBe(true);
    expect(holdsMessage(['publish', '--text={message}'])).toBe(true);
    expect(holdsMessage(['publish', '-'])).toBe(false);
  });
});

describe('the endpoint of a target', () => {
  test('over SSE has what clients fill themselves as it stands in the file', () => {
    expect(endpointOf(target, 'sse', places, 'abcd1234')).toEqual({
      host: 'localhost',
      port: 8_123,
      path: '/events/{client}?id={id}&as=a%20b',
      dialect: {
        tag: 'abcd1234',
        headers: { cookie: 'port=8123' },
        opening: [],
        replies: [],
        ignore: ['^beat$'],
        events: ['news'],
        resume: true,
      },
    });
  });

  test('over WebSocket has its opening, its subprotocol and TLS', () => {
    const { dialect, ...where } = endpointOf(target, 'ws', places, 'abcd1234');
    expect(where).toEqual({
      host: '::1',
      port: 443,
      path: '/socket.io/?EIO=4&transport=websocket',
      tls: {},
    });
    expect(dialect).toMatchObject({
      subprotocol: 'v1',
      replies: [{ when: '2', send: '3' }],
      resume: false,
      opening: [
        { await: '^0\\{"sid":"(?<id>[^"]+)"' },
        { send: '408123' },
        { post: { url: 'http://localhost:8123/join?who={id}', body: '{client}' } },
      ],
    });
    expect(dialect).not.toHaveProperty('events');
  });

  test('of a transport that is not described is refused in words', () => {
    expect(() => endpointOf(target, 'raw', places, 'abcd1234')).toThrow(
      "mine cannot be measured over raw: its file has no 'raw'",
    );
  });

  test.each(['localhost:8080', 'ftp://host/x', '/events'])('%s is no address', (text) => {
    expect(() => addressOf(text)).toThrow(`'${text}' is not an address`);
  });
});

describe('what a server says of its own cost', () => {
  test('is read from Prometheus text, and counts in microseconds are told from ticks', () => {
    const text = `# HELP process_cpu_seconds_total Total
# TYPE process_cpu_seconds_total counter
process_cpu_seconds_total 12.345678
process_resident_memory_bytes 6.2910464e+07 1700000000000
`;
    expect(parseMetrics(text)).toEqual({
      cpuNs: 12_345_678_000,
      cpuStepNs: 1_000,
      rssBytes: 62_910_464,
    });
    expect(parseMetrics('process_cpu_seconds_total 0.57').cpuStepNs).toBe(10_000_000);
  });

  test('adds up what is told per process, and knows nothing where nothing is told', () => {
    const text =
      'process_cpu_seconds_total{pid="1",name="a b"} 1.5\nprocess_cpu_seconds_total{pid="2"} 2\n';
    expect(parseMetrics(text)).toMatchObject({ cpuNs: 3_500_000_000 });
    expect(parseMetrics(text)).not.toHaveProperty('rssBytes');
    expect(
      parseMetrics('process_cpu_seconds_total NaN\nother_process_cpu_seconds_total 4'),
    ).toEqual({});
  });
});

test.each([
  [
    "node:internal/modules/cjs/loader:1228\n  throw err;\n  ^\n\nError: Cannot find module '/app/x.js'\n    at a (b:1:2)\n\nNode.js v20.20.2\n",
    ": Error: Cannot find module '/app/x.js'",
  ],
  [
    '/app/x.js:1\nfoo bar\n    ^^^\n\nSyntaxError: Unexpected identifier\n    at a\n\nNode.js v20.20.2',
    ': SyntaxError: Unexpected identifier',
  ],
  [
    'Traceback (most recent call last):\n  File "x.py", line 1\nModuleNotFoundError: No module named \'y\'\n',
    ": ModuleNotFoundError: No module named 'y'",
  ],
  ['panic: no port\n\ngoroutine 1 [running]:\nmain.main()\nexit status 2', ': panic: no port'],
  ['Error [ERR_X]: no\n    at a', ': Error [ERR_X]: no'],
  ['sh: 1: nodd: not found\n', ': sh: 1: nodd: not found'],
])('of what a command that failed said, %j, the error is quoted', (words, quoted) => {
  expect(errorLine(words)).toBe(quoted);
});

test('the last line that says anything is what is quoted', () => {
  expect(lastLine('one\ntwo \n\n')).toBe(': two');
  expect(lastLine(' \n')).toBe('');
  expect(lastLine('x'.repeat(400)).length).toBeLessThan(310);
});
