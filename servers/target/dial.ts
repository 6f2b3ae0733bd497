/** Opens a WebSocket connection to a target as a client would: handshake, opening, answers to its heartbeats. */
import { WebSocket } from 'ws';
import type { Dialect, Sink } from '../../core/transport.ts';
import type { Speaker } from '../../transports/lean/dialect.ts';
import { fillIn, Replies, subprotocolsOf } from '../../transports/lean/dialect.ts';
import { DialectOpening } from '../../transports/lean/dialect-opening.ts';

/** How long the handshake and the opening may take, each. */
const OPEN_MS = 10_000;
/** Number of the client that publishes: nobody else has it. */
const CLIENT = 2_147_483_647;

export interface Dialled {
  readonly socket: WebSocket;
  /** The text, with `{client}` and what the opening found for `{id}`. */
  readonly text: string;
}

type Spoken = Pick<Dialect, 'headers' | 'subprotocol' | 'opening' | 'replies'>;

/** What comes is for the steps of the opening; messages are for the clients. */
const nobody: Sink = { message: () => undefined, closed: () => undefined };

/** @throws Error that says what went wrong, at which step of the opening */
export async function dial(url: string, dialect: Spoken, text: string): Promise<Dialled> {
  const speaker: Speaker = { client: CLIENT, id: undefined };
  const headers = Object.entries(dialect.headers).map(([name, value]) => [
    name,
    fillIn(value, speaker),
  ]);
  const socket = new WebSocket(fillIn(url, speaker), [...subprotocolsOf(dialect)], {
    headers: Object.fromEntries(headers),
    handshakeTimeout: OPEN_MS,
    perMessageDeflate: false,
  });
  const replies = new Replies(dialect, speaker);
  const options = { sink: nobody, timeoutMs: OPEN_MS, endpoint: {} };
  const opening = new DialectOpening<WebSocket>(options, dialect.opening, speaker, say);
  socket.on('message', (data: Buffer) => {
    const reply = replies.to(data, 0, data.length);
    if (reply !== undefined) say(socket, reply);
    else opening.sink.message(CLIENT, data, 0, data.length, 0, '', '');
  });
  let deadline: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('open', () => {
        deadline = setTimeout(() => reject(opening.trouble()), OPEN_MS);
        opening.start(socket, (error) => (error === undefined ? resolve() : reject(error)));
      });
      // Of a handshake that fails; whatever comes later is told by 'close'.
      socket.on('error', reject);
      socket.once('close', (code) => reject(opening.trouble(`close code ${code}`)));
    });
    return { socket, text: fillIn(text, speaker) };
  } catch (error) {
    opening.stop();
    socket.terminate();
    throw error;
  } finally {
    clearTimeout(deadline);
  }
}

function say(socket: WebSocket, text: string): void {
  // Failing to send is the end of the connection, which is told.
  socket.send(text, () => undefined);
}
