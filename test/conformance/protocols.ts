/** What each protocol puts on the wire and what it cannot do, with the reason: the exceptions of the suite. */
import type { CloseReason, Endpoint } from '../../core/transport.ts';
import type { TransportName } from '../../transports/registry.ts';

export interface Protocol {
  /** What a plain socket says to be let in. */
  readonly request: (
    endpoint: Endpoint,
    query?: string,
    headers?: Readonly<Record<string, string>>,
  ) => string;
  /** What the head of the answer ends in. */
  readonly headEnd: string;
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
  /** The whole of an event with a name, an id where it is not '', and JSON of one line. */
  readonly named: (event: string, id: string, json: string) => Buffer;
  /** The whole of an event of binary data with an id. */
  readonly binary: (id: string, data: Buffer) => Buffer;
  readonly heartbeat: string;
  /** Last bytes of the stream when the server ends a session. */
  readonly farewell: (reason: CloseReason) => string;
  /** The cause that a client's sink is told. */
  readonly cause: Readonly<Record<'lean' | 'library', (reason: CloseReason) => string>>;
}

/** RFC 6455, 7.4.1 and the IANA registry. */
const closeCodes: Readonly<Record<CloseReason, number>> = {
  'going-away': 1001,
  malformed: 1007,
  policy: 1008,
  'too-big': 1009,
  error: 1011,
  restart: 1012,
  slow: 1013,
  silent: 1001,
};

function get(
  { host, port, path }: Endpoint,
  query = '',
  headers: Readonly<Record<string, string>> = {},
): string {
  const lines = Object.entries({ Host: `${host}:${port}`, ...headers });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `GET ${path}${query === '' ? '' : `?${query}`} HTTP/1.1\r\n${head}\r\n`;
}

const chunk = (text: string): Buffer =>
  Buffer.from(`${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`);

/** A frame of up to 125 bytes. */
const frame = (first: number, payload: Buffer): Buffer =>
  Buffer.concat([Buffer.from([first, payload.length]), payload]);

const envelope = (event: string, id: string, json: string): string =>
  `{"event":"${event}",${id === '' ? '' : `"id":"${id}",`}"data":${json}}`;

const sse: Protocol = {
  request: (endpoint, query, headers) => get(endpoint, query, headers),
  headEnd: '\r\n\r\n',
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
  named: (event, id, json) =>
    chunk(`${id === '' ? '' : `id: ${id}\n`}event: ${event}\ndata: ${json}\n\n`),
  binary: (id, data) => chunk(`id: ${id}\nevent: binary\ndata: ${data.toString('base64')}\n\n`),
  heartbeat: '3\r\n:\n\n\r\n',
  farewell: () => '0\r\n\r\n',
  cause: {
    lean: () => 'the server ended the stream',
    library: () => 'EventSource reported an error',
  },
};

const ws: Protocol = {
  request: (endpoint, query, headers) =>
    get(endpoint, query, {
      Upgrade: 'websocket',
      Connection: 'Upgrade',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    }),
  headEnd: '\r\n\r\n',
  cannotCarry: [],
  arrivesAs: [],
  start: '',
  bytesOf: (payload) => payload + (payload < 126 ? 2 : payload < 65_536 ? 4 : 10),
  named: (event, id, json) => frame(0x81, Buffer.from(envelope(event, id, json))),
  binary: (id, data) =>
    frame(0x82, Buffer.concat([Buffer.from([id.length]), Buffer.from(id), data])),
  heartbeat: '\x89\x00',
  farewell: (reason) => `\x88\x02\x03${String.fromCharCode(closeCodes[reason] & 0xff)}`,
  cause: {
    lean: (reason) => `closed by the server with ${closeCodes[reason]}`,
    library: (reason) => `closed by the server with ${closeCodes[reason]}`,
  },
};

const raw: Protocol = {
  request: (_endpoint, query = '') => `?${query}\n`,
  headEnd: '\n',
  cannotCarry: [],
  arrivesAs: [],
  start: '',
  // An empty message needs its envelope, since an empty line is a heartbeat.
  bytesOf: (payload) => (payload === 0 ? '{"data":""}'.length : payload) + 1,
  named: (event, id, json) => Buffer.from(`${envelope(event, id, json)}\n`),
  binary: (id, data) =>
    Buffer.from(`${envelope('binary', id, JSON.stringify(data.toString('base64')))}\n`),
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
