/** Requests of clients as bytes: an operation with an id around a benchmark message. */
import { digitsOf, writeNumber } from './digits.ts';
import { createMessageFiller } from './message.ts';

const OPEN = Buffer.from('{"op":"request","id":"', 'latin1');
const MIDDLE = Buffer.from('","data":', 'latin1');
const CLOSE = '}'.charCodeAt(0);

export type RequestWriter = (id: number, seq: number, dueAt: number, sentAt: number) => Buffer;

/** Each in memory of its own, written once: this runs for every request of a load. */
export function createRequestWriter(payloadBytes: number): RequestWriter {
  const message = createMessageFiller(payloadBytes);
  return (id, seq, dueAt, sentAt) => {
    const digits = digitsOf(id);
    const middleAt = OPEN.length + digits;
    const messageAt = middleAt + MIDDLE.length;
    const end = messageAt + payloadBytes;
    const bytes = Buffer.allocUnsafe(end + 1);
    bytes.set(OPEN, 0);
    writeNumber(bytes, OPEN.length, digits, id);
    bytes.set(MIDDLE, middleAt);
    message.fill(bytes, messageAt, seq, dueAt, sentAt);
    bytes[end] = CLOSE;
    return bytes;
  };
}
