/** Makes one kind of event of what comes on either protocol. */
import type { Sink } from '../../core/transport.ts';
import { deliverText } from '../envelope.ts';
import { deliverBinary } from '../ws/client.ts';
import type { PushedEvent } from './link.ts';

/** @param data of an event that is JSON, or is no JSON; a value and its text are told apart by `isString` */
function eventOf(event: string, id: string, text: string, isString: boolean): PushedEvent {
  return { event: event === '' ? 'message' : event, id, text, data: isString ? text : parse(text) };
}

function binaryEvent(id: string, data: Buffer): PushedEvent {
  return { event: 'binary', id, text: data.toString('base64'), data };
}

/** A text frame: bare data, or an envelope. */
export function eventOfText(frame: Buffer): PushedEvent {
  return deliver(deliverText, frame, (bytes, start, end, event, id) => {
    const data = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
    // The data of an envelope that is a string comes decoded, in bytes of its own.
    return eventOf(event, id, data.toString('utf8'), bytes !== frame);
  });
}

/** A binary frame: one byte with the length of the id, the id, the data. */
export function eventOfBinary(frame: Buffer): PushedEvent {
  return deliver(deliverBinary, frame, (_bytes, start, end, _event, id) =>
    binaryEvent(id, frame.subarray(start, end)),
  );
}

/** An event of a stream. */
export function eventOfStream(event: string, id: string, data: Buffer): PushedEvent {
  if (event === 'binary') {
    return binaryEvent(id, Buffer.from(data.toString('latin1'), 'base64'));
  }
  return eventOf(event, id, data.toString('utf8'), false);
}

type Make = (
  bytes: Uint8Array,
  start: number,
  end: number,
  event: string,
  id: string,
) => PushedEvent;

function deliver(by: typeof deliverText, frame: Buffer, make: Make): PushedEvent {
  let made: PushedEvent | undefined;
  const sink: Sink = {
    message(_client, bytes, start, end, _receivedAt, event, id) {
      made = make(bytes, start, end, event, id);
    },
    closed: () => undefined,
  };
  by(sink, 0, frame, 0, frame.length, 0);
  // Both call the sink exactly once, before they return.
  return made ?? eventOf('', '', frame.toString('utf8'), false);
}

/** Data that is no JSON is the string it is. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
