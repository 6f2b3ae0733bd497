/**
 * Reads a request in the form in which clients write it, without making an object or even a string of it:
 *
 *     {"op":"request","id":"7","data":…}
 *
 * Parsing the data only to write it out again was a quarter of what a round trip cost the server, and
 * decoding it only to encode it again a tenth (the part `request` of `npm run bench:self`). Whatever is
 * written otherwise is left to `parseOperation`.
 */
import { isAt, isJson } from './json-text.ts';

const HEAD = Buffer.from('{"op":"request","id":"');
const ID_FIELD = HEAD.indexOf('"id"');
const MIDDLE = Buffer.from('","data":');
const LONGEST_ID = 64;
const NOTHING = Buffer.alloc(0);

/** What a client has sent to be answered. */
export interface SentRequest {
  readonly id: string;
  /** The data, which is known to be one JSON value. */
  readonly text: string;
  /** Takes out of the message what may be asked for when the message is not there any more. */
  keep(): void;
  /** The answer that has the data of the request: `{"id":"7","data":…}`. */
  echo(): Buffer | string;
}

/** A request at its place in the message: its parts become strings when somebody looks at them. */
export class QuickRequest implements SentRequest {
  private message: Buffer;
  private idAt = HEAD.length;
  private readonly idLength: number;
  private madeId: string | undefined;
  private madeText: string | undefined;
  /** Whether it has no need of the caller's message any more. */
  private isKept = false;

  constructor(message: Buffer, idLength: number) {
    this.message = message;
    this.idLength = idLength;
  }

  get id(): string {
    this.madeId ??= this.message.toString('latin1', this.idAt, this.idAt + this.idLength);
    return this.madeId;
  }

  get text(): string {
    const from = this.idAt + this.idLength + MIDDLE.length;
    this.madeText ??= this.message.toString('utf8', from, this.message.length - 1);
    return this.madeText;
  }

  keep(): void {
    if (this.isKept) return;
    this.madeId = this.id;
    this.madeText = this.text;
    this.leaveFor(NOTHING, 0);
  }

  echo(): Buffer | string {
    if (this.isKept) return `{"id":"${this.id}","data":${this.text}}`;
    // From its id on, the answer goes on as the request does.
    const cut = ID_FIELD - 1;
    const answer = Buffer.allocUnsafe(this.message.length - cut);
    this.message.copy(answer, 1, ID_FIELD);
    answer[0] = 0x7b;
    // Nobody else writes to that.
    this.leaveFor(answer, this.idAt - cut);
    return answer;
  }

  private leaveFor(message: Buffer, idAt: number): void {
    this.message = message;
    this.idAt = idAt;
    this.isKept = true;
  }
}

/** @returns undefined when it is anything else, or may be wrong: that is to be parsed, and told about */
export function readQuickRequest(message: Buffer): QuickRequest | undefined {
  if (!isAt(message, 0, HEAD)) return undefined;
  const idEnd = plainEnd(message, HEAD.length);
  if (idEnd === HEAD.length || idEnd > HEAD.length + LONGEST_ID) return undefined;
  if (!isAt(message, idEnd, MIDDLE)) return undefined;
  const to = message.length - 1;
  // Line breaks between its tokens would have to be taken out before it can be sent as one line.
  if (message[to] !== 0x7d /* } */ || !isJson(message, idEnd + MIDDLE.length, to)) return undefined;
  return new QuickRequest(message, idEnd - HEAD.length);
}

/** Index of the first byte that is not visible ASCII, or is a quote or backslash. */
function plainEnd(message: Buffer, from: number): number {
  const to = Math.min(message.length, from + LONGEST_ID + 1);
  for (let at = from; at < to; at += 1) {
    const code = message[at] ?? 0;
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return at;
  }
  return to;
}
