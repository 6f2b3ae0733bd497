/** The generator's end of SSE: a lean stream reader whose upstream is an HTTP POST beside it. */
import type { Connect, ConnectOptions } from '../../core/transport.ts';
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
    this.request =
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${port}\r\n` +
      'Accept: text/event-stream\r\nCache-Control: no-cache\r\n\r\n';
  }

  handshake(bytes: Buffer, start: number, end: number): Opened | undefined {
    const read = this.head?.feed(bytes, start, end);
    if (read === undefined) return undefined;
    this.head = undefined;
    const { status, statusText, headers, bytes: headBytes } = read.head;
    if (status !== 200) throw new Error(`the server answered ${status} ${statusText}`.trimEnd());
    const type = headers.get('content-type') ?? 'no content type';
    if (!/^text\/event-stream\s*(;|$)/i.test(type)) {
      throw new Error(`the server answered with ${type} instead of text/event-stream`);
    }
    const encoding = headers.get('content-encoding');
    if (encoding !== undefined && encoding !== 'identity') {
      throw new Error(`the stream is compressed (${encoding}), which was not asked for`);
    }
    const chunked = /\bchunked\s*$/i.test(headers.get('transfer-encoding') ?? '');
    return {
      bodyAt: read.bodyAt,
      headBytes,
      decoder: (connection) => this.decoder(connection, chunked),
    };
  }

  private decoder(connection: LeanConnection, chunked: boolean): Decoder {
    const { sink, client } = this.options;
    const parser = new SseParser({
      event: (bytes, start, end, receivedAt) => sink.message(client, bytes, start, end, receivedAt),
    });
    if (!chunked) return parser;
    return new ChunkedDecoder(
      parser,
      () => connection.fail('the server ended the stream'),
      (problem) => connection.fail(`broken chunked encoding: ${problem}`),
    );
  }

  async send(_connection: LeanConnection, message: Buffer): Promise<void> {
    await postUpstream(this.options, message);
  }
}

/** The upstream of SSE: one POST per message, on undici's pooled keep-alive connections. */
export async function postUpstream(options: ConnectOptions, message: Buffer): Promise<void> {
  // Loaded by the first POST: most loads never send one, and every process would start 0.2 s later.
  const { request } = await import('undici');
  const { host, port, upstreamPath = '/publish' } = options.endpoint;
  const answer = await request(`http://${host}:${port}${upstreamPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: message,
  });
  await answer.body.dump();
  if (answer.statusCode >= 300)
    throw new Error(`POST ${upstreamPath} answered ${answer.statusCode}`);
}
