/** The generator's end of WebSocket: a lean frame reader that answers pings and checks the handshake. */
import { createHash, randomUUID } from 'node:crypto';
import type { Connect, ConnectOptions, Dialect, Sink } from '../../core/transport.ts';
import { deliverText } from '../envelope.ts';
import { unexpectedAnswer, WEB_SOCKET } from '../handshake-trouble.ts';
import type { Speaker } from '../lean/dialect.ts';
import {
  checkSubprotocol,
  Replies,
  requestOf,
  speakerOf,
  subprotocolsOf,
} from '../lean/dialect.ts';
import { DialectOpening } from '../lean/dialect-opening.ts';
import { HttpHeadReader } from '../lean/http-head.ts';
import type { Decoder, LeanConnection, LeanProtocol, Opened, Opening } from '../lean/socket.ts';
import { connectLean } from '../lean/socket.ts';
import { encodeClientFrame } from './client-frame.ts';
import type { WsEvents } from './parser.ts';
import { opcodes, WsParser } from './parser.ts';

/** RFC 6455, 1.3: the constant a server proves it speaks the protocol with. */
const HANDSHAKE_GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

// Async: what is wrong with a request that a target file describes is a rejection like any other.
export const connectWs: Connect = async (options) => connectLean(options, new WsProtocol(options));

class WsProtocol implements LeanProtocol {
  readonly request: string;
  readonly opening: Opening | undefined;
  private readonly key = randomKey();
  private readonly subprotocols: readonly string[] = [];
  private readonly decoderOf: Opened['decoder'] = decoderOf;
  private head: HttpHeadReader | undefined = new HttpHeadReader();

  constructor(options: ConnectOptions) {
    const { host, port, path, dialect } = options.endpoint;
    if (dialect !== undefined) {
      const speaker = speakerOf(options);
      this.subprotocols = subprotocolsOf(dialect);
      this.request = requestOf(
        options,
        dialect,
        speaker,
        this.subprotocols.length === 0
          ? {}
          : { 'Sec-WebSocket-Protocol': this.subprotocols.join(', ') },
        {
          Upgrade: 'websocket',
          Connection: 'Upgrade',
          'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': this.key,
        },
      );
      const { opening } = dialect;
      if (opening.length > 0) this.opening = new DialectOpening(options, opening, speaker, sayText);
      this.decoderOf = (connection) => dialectDecoderOf(connection, dialect, speaker);
      return;
    }
    const query = options.query === undefined ? '' : `?${options.query}`;
    this.request =
      `GET ${path}${query} HTTP/1.1\r\nHost: ${host}:${port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${this.key}\r\n\r\n`;
  }

  handshake(bytes: Buffer, start: number, end: number): Opened | undefined {
    const read = this.head?.feed(bytes, start, end);
    if (read === undefined) return undefined;
    this.head = undefined;
    const { status, statusText, headers } = read.head;
    if (status !== 101) {
      throw unexpectedAnswer(WEB_SOCKET, {
        status,
        statusText,
        headers: { location: headers.get('location'), retryAfter: headers.get('retry-after') },
      });
    }
    if (headers.get('upgrade')?.toLowerCase() !== 'websocket') {
      throw new Error('the server switched to something that is not WebSocket');
    }
    if (!/(^|,)\s*upgrade\s*(,|$)/i.test(headers.get('connection') ?? '')) {
      throw new Error("the answer lacks 'Connection: Upgrade'");
    }
    const accept = createHash('sha1')
      .update(this.key + HANDSHAKE_GUID)
      .digest('base64');
    if (headers.get('sec-websocket-accept') !== accept) {
      throw new Error('Sec-WebSocket-Accept does not answer the key that was sent');
    }
    if (headers.has('sec-websocket-extensions')) {
      throw new Error('the server turned on an extension that was not offered');
    }
    checkSubprotocol(this.subprotocols, headers.get('sec-websocket-protocol'));
    return { bodyAt: read.bodyAt, decoder: this.decoderOf };
  }

  send(connection: LeanConnection, message: Buffer): undefined {
    connection.write(encodeClientFrame(opcodes.text, message));
  }

  farewell(): Buffer {
    return encodeClientFrame(opcodes.close, closePayload(1000));
  }
}

/**
 * Sixteen bytes, 122 bits of them random. From Node's pooled entropy: `randomBytes` asks the system each
 * time, which was a twentieth of what a connection costs the generator.
 */
function randomKey(): string {
  return Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64');
}

function closePayload(code: number): Buffer {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return payload;
}

function decoderOf(connection: LeanConnection): Decoder {
  const { sink, client } = connection;
  return parserOf(connection, (bytes, start, end, receivedAt, binary) => {
    if (binary) deliverBinary(sink, client, bytes, start, end, receivedAt);
    else deliverText(sink, client, bytes, start, end, receivedAt);
  });
}

/** Of somebody else's server: messages as they came, but for heartbeats that want an answer. */
function dialectDecoderOf(connection: LeanConnection, dialect: Dialect, speaker: Speaker): Decoder {
  const { sink, client } = connection;
  const replies = new Replies(dialect, speaker);
  return parserOf(connection, (bytes, start, end, receivedAt) => {
    const reply = replies.to(bytes, start, end);
    if (reply === undefined) sink.message(client, bytes, start, end, receivedAt, '', '');
    else sayText(connection, reply);
  });
}

function sayText(connection: LeanConnection, text: string): void {
  connection.write(encodeClientFrame(opcodes.text, Buffer.from(text)));
}

function parserOf(connection: LeanConnection, message: WsEvents['message']): Decoder {
  return new WsParser({
    message,
    ping: (payload) => connection.write(encodeClientFrame(opcodes.pong, payload)),
    pong: () => undefined,
    close: (code, reason) => {
      connection.note(`closed by the server with ${code}${reason === '' ? '' : ` (${reason})`}`);
      connection.write(encodeClientFrame(opcodes.close, closePayload(code === 1005 ? 1000 : code)));
    },
    error: (code, problem) => {
      connection.write(encodeClientFrame(opcodes.close, closePayload(code)));
      connection.fail(`the server broke the protocol: ${problem}`);
    },
  });
}

/** One byte with the length of the id, the id, the data. */
export function deliverBinary(
  sink: Sink,
  client: number,
  bytes: Buffer,
  start: number,
  end: number,
  receivedAt: number,
): void {
  const dataAt = Math.min(end, start + 1 + (bytes[start] ?? 0));
  const id = bytes.toString('utf8', start + 1, dataAt);
  sink.message(client, bytes, dataAt, end, receivedAt, 'binary', id);
}
