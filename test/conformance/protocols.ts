/** What each protocol puts on the wire and what it cannot do, with the reason: the exceptions of the suite. */
import type { CloseReason, Endpoint } from '../../core/transport.ts';
import type { TransportName } from '../../transports/registry.ts';

export interface Protocol {
  /** What a plain socket says to be let in; undefined where the first byte is already the stream. */
  readonly request: ((endpoint: Endpoint) => string) | undefined;
  /** Payloads it cannot carry. */
  readonly cannotCarry: readonly { readonly what: RegExp; readonly why: string }[];
  /** Payloads that arrive otherwise than they were sent. */
  readonly arrivesAs: readonly {
    readonly from: RegExp;
    readonly to: string;
    readonly why: string;
  }[];
  /** First bytes of the stream, as latin1. */
  readonly start: string;
  /** Bytes on the wire of a message of one line. */
  readonly bytesOf: (payload: number) => number;
  readonly heartbeat: string;
  /** Last bytes of the stream when the server ends a session. */
  readonly farewell: (reason: CloseReason) => string;
  /** The cause that a client's sink is told. */
  readonly cause: Readonly<Record<'lean' | 'library', (reason: CloseReason) => string>>;
}

/** RFC 6455, 7.4.1 and the IANA registry. */
const closeCodes: Readonly<Record<CloseReason, number>> = {
  'going-away': 1001,
  policy: 1008,
  error: 1011,
  slow: 1013,
};

const sse: Protocol = {
  request: ({ host, port, path }) => `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n\r\n`,
  cannotCarry: [],
  arrivesAs: [
    {
      from: /\r\n|\r/g,
      to: '\n',
      why: 'a line end starts a new data line, and the receiver joins them with LF',
    },
  ],
  start: '1b\r\n: stream open\nretry: 3000\n\n\r\n',
  // 'data: ' and a blank line; around it the size of the chunk in hexadecimal and two line ends.
  bytesOf: (payload) => 8 + payload + (8 + payload).toString(16).length + 4,
  heartbeat: '3\r\n:\n\n\r\n',
  farewell: () => '0\r\n\r\n',
  cause: {
    lean: () => 'the server ended the stream',
    library: () => 'EventSource reported an error',
  },
};

const ws: Protocol = {
  request: ({ host, port, path }) =>
    `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
    'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  cannotCarry: [],
  arrivesAs: [],
  start: '',
  bytesOf: (payload) => payload + (payload < 126 ? 2 : payload < 65_536 ? 4 : 10),
  heartbeat: '\x89\x00',
  farewell: (reason) => `\x88\x02\x03${String.fromCharCode(closeCodes[reason] & 0xff)}`,
  cause: {
    lean: (reason) => `closed by the server with ${closeCodes[reason]}`,
    library: (reason) => `closed by the server with ${closeCodes[reason]}`,
  },
};

const raw: Protocol = {
  request: undefined,
  cannotCarry: [
    { what: /\n/, why: 'its messages are lines of JSON, in which LF is written \\n' },
    { what: /^$/, why: 'an empty line is its heartbeat' },
  ],
  arrivesAs: [],
  start: '',
  bytesOf: (payload) => payload + 1,
  heartbeat: '\n',
  farewell: () => '',
  cause: {
    lean: () => 'the server ended the connection',
    library: () => 'there is no library',
  },
};

export const protocolOf: Readonly<Record<TransportName, Protocol>> = {
  sse,
  'sse-prepared': sse,
  ws,
  'ws-prepared': ws,
  raw,
};
