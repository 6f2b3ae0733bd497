/** The generator's end of SSE: a lean stream reader whose upstream is an HTTP POST beside it. */
import type { Connect, ConnectOptions, Dialect, Sink } from '../../core/transport.ts';
import { EVENT_STREAM, isEventStream, unexpectedAnswer } from '../handshake-trouble.ts';
import { requestOf, speakerOf } from '../lean/dialect.ts';
import { DialectOpening } from '../lean/dialect-opening.ts';
import { HttpHeadReader } from '../lean/http-head.ts';
import type { Decoder, LeanConnection, LeanProtocol, Opened, Opening } from '../lean/socket.ts';
import { connectLean } from '../lean/socket.ts';
import { ChunkedDecoder } from './chunked.ts';
import { SseParser } from './parser.ts';

// Async: what is wrong with a request that a target file describes is a rejection like any other.
export const connectSse: Connect = async (options) =>
  connectLean(options, new SseProtocol(options));

class SseProtocol implements LeanProtocol {
  readonly request: string;
  readonly opening: Opening | undefined;
  private readonly options: ConnectOptions;
  private head: HttpHeadReader | undefined = new HttpHeadReader();

  constructor(options: ConnectOptions) {
    this.options = options;
    const { host, port, path, dialect } = options.endpoint;
    if (dialect !== undefined) {
      const speaker = speakerOf(options);
      this.request = requestOf(options, dialect, speaker, usualHeaders(options, dialect));
      const { opening } = dialect;
      if (opening.length > 0) {
        this.opening = new DialectOpening(options, opening, speaker, undefined);
      }
      return;
    }
    const query = options.query === undefined ? '' : `?${options.query}`;
    this.request =
      `GET ${path}${query} HTTP/1.1\r\nHost: ${host}:${port}\r\n` +
      'Accept: text/event-stream\r\nCache-Control: no-cache\r\n\r\n';
  }

  handshake(bytes: Buffer, start: number, end: number): Opened | undefined {
    const read = this.head?.feed(bytes, start, end);
    if (read === undefined) return undefined;
    this.head = undefined;
    const { status, statusText, headers } = read.head;
    const type = headers.get('content-type');
    if (status !== 200 || !isEventStream(type)) {
      throw unexpectedAnswer(EVENT_STREAM, {
        status,
        statusText,
        headers: {
          type,
          location: headers.get('location'),
          retryAfter: headers.get('retry-after'),
        },
      });
    }
    const encoding = headers.get('content-encoding');
    if (encoding !== undefined && encoding !== 'identity') {
      throw new Error(`the stream is compressed (${encoding}), which was not asked for`);
    }
    const chunked = /\bchunked\s*$/i.test(headers.get('transfer-encoding') ?? '');
    return {
      bodyAt: read.bodyAt,
      decoder: (connection) => this.decoder(connection, chunked),
    };
  }

  private decoder(connection: LeanConnection, chunked: boolean): Decoder {
    const { sink, client } = connection;
    // What another server calls 'binary' is no base64 of ours.
    const isOurs = this.options.endpoint.dialect === undefined;
    const parser: SseParser = new SseParser({
      event(bytes, start, end, receivedAt) {
        const { eventName, lastEventId } = parser;
        if (eventName !== 'binary' || !isOurs) {
          sink.message(client, bytes, start, end, receivedAt, eventName, lastEventId);
          return;
        }
        const data = Buffer.from(bytes.toString('latin1', start, end), 'base64');
        sink.message(client, data, 0, data.length, receivedAt, eventName, lastEventId);
      },
    });
    if (!chunked) return parser;
    return new ChunkedDecoder(
      parser,
      () => connection.fail('the server ended the stream'),
      (problem) => connection.fail(`broken chunked encoding: ${problem}`),
    );
  }

  async send(connection: LeanConnection, message: Buffer): Promise<void> {
    if (this.options.endpoint.dialect !== undefined) throw new Error(NOTHING_TO_SEND);
    await sendBeside(this.options, connection.session, connection.sink, message);
  }
}

const NOTHING_TO_SEND = 'what clients of this server send is not described by its target file';

function usualHeaders(
  { lastEventId = '' }: ConnectOptions,
  { resume }: Dialect,
): Readonly<Record<string, string>> {
  const usual = { Accept: 'text/event-stream', 'Cache-Control': 'no-cache' };
  if (!resume || lastEventId === '') return usual;
  // The request is written byte by byte, and the header is UTF-8.
  return { ...usual, 'Last-Event-ID': Buffer.from(lastEventId).toString('latin1') };
}

const OPERATION = Buffer.from('{"op":');
const REQUEST = Buffer.from('{"op":"request"');

/** The upstream of SSE: an operation of a session, or a message to everybody, as a POST of its own. */
export async function sendBeside(
  { endpoint, upstream, answer, client, clock }: ConnectOptions,
  session: string | undefined,
  sink: Sink,
  message: Buffer,
): Promise<void> {
  if (upstream === undefined) throw new Error('this client was given nothing to send with');
  if (session === undefined || !startsWith(message, OPERATION)) {
    // As over WebSocket: nothing is known of it but that it is text.
    await upstream.post(endpoint.upstreamPath ?? '/publish', 'text/plain', message);
    return;
  }
  const path = `${endpoint.sessionsPath ?? '/sessions'}/${session}/send`;
  if (answer !== 'response' || !startsWith(message, REQUEST)) {
    await upstream.post(path, 'application/json', message);
    return;
  }
  const body = await upstream.post(`${path}?answer=response`, 'application/json', message);
  sink.message(client, body, 0, body.length, clock(), 'answer', '');
}

function startsWith(message: Buffer, what: Buffer): boolean {
  return message.subarray(0, what.length).equals(what);
}
