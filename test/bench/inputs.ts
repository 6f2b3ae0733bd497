/** Inputs of the codec benchmarks. A test checks that they are what they claim to be. */
import { createMessageWriter } from '../../core/message.ts';
import { encodeSse } from '../../transports/sse/server.ts';
import { encodeServerFrame } from '../../transports/ws/server.ts';

export const MESSAGE_BYTES = 128;
/** Messages in the chunk that stands for a reader under load. */
export const MANY = 20;

export const message = createMessageWriter(MESSAGE_BYTES)(42, 1_250_000_000, 1_250_061_234);

/** The same as what a transport is given to encode. */
export const event = { event: '', id: '', data: message, kind: 'json' } as const;

export const sseChunk = {
  one: encodeSse(event),
  many: Buffer.concat(Array.from({ length: MANY }, () => encodeSse(event))),
};
export const wsChunk = {
  one: encodeServerFrame(message),
  many: Buffer.concat(Array.from({ length: MANY }, () => encodeServerFrame(message))),
};
