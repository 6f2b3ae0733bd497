/** The generator's end of SSE: a lean stream reader whose upstream is an HTTP POST beside it. */
import type { Connect, ConnectOptions, Sink } from '../../core/transport.ts';
import { EVENT_STREAM, isEventStream, unexpectedAnswer } from '../handshake-trouble.ts';
import { HttpHeadReader } from '../lean/http-head.ts';
import type { Decoder, LeanConnection, LeanProtocol, Opened } from '../lean/socket.ts';
import { connectLean } from '../lean/socket.ts';
import { ChunkedDecoder } from './chunked.ts';
import { SseParser } from './parser.ts';

export const connectSse: Connect = (options) => connectLean(options, new SseProtocol(options));

class SseProtocol implements LeanProtocol {
  readonly request: string;
  private readonly options: ConnectOptions;
  private head: HttpHeadReader | undefined = new HttpHeadReader();

  constructor(options: ConnectOptions) {
    this.options = options;
    const { host, port, path } = options.endpoint;
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
    const parser: SseParser = new SseParser({
      event(bytes, start, end, receivedAt) {
        const { eventName, lastEventId } = parser;
        if (eventName !== 'binary') {
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
    await sendBeside(this.options, connection.session, connection.sink, message);
  }
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
