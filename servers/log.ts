/** Structured logs of what happens to sessions, as JSON lines; and the messages of a traced one. */
import type { Logger } from 'pino';
import type { Connection, Frame } from '../core/transport.ts';
import type { HubEvent } from './hub-options.ts';

/** @param write takes whole lines */
export async function createLog(write: (line: string) => void): Promise<Logger> {
  // Loaded here: a server that logs nothing does not pay for it.
  const { pino } = await import('pino');
  return pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write });
}

/**
 * What happens to sessions, one line each. By number: their identity is the right to speak for them, and
 * has no place in a log.
 */
export function logEvent(log: Logger, { kind, session, why }: HubEvent): void {
  const fields = { session: session.number, address: session.address, why };
  if (kind === 'expelled') log.warn(fields, 'session expelled');
  else log.info(fields, `session ${kind}`);
}

/** A connection that tells what passes over it, in place of the one it wraps. */
export function traced(connection: Connection, log: Logger, session: number): Connection {
  const told = (frame: Frame): void =>
    log.info(
      {
        session,
        bytes: frame.bytes.length,
        frame: frame.bytes.toString(frame.binary ? 'base64' : 'utf8'),
      },
      'message down',
    );
  return {
    get bufferedBytes() {
      return connection.bufferedBytes;
    },
    get bytesWritten() {
      return connection.bytesWritten;
    },
    write(frame) {
      told(frame);
      return connection.write(frame);
    },
    writeAll(frames) {
      for (const frame of frames) told(frame);
      return connection.writeAll(frames);
    },
    whenDrained: (callback) => connection.whenDrained(callback),
    // A field of the protocol, if it has one, and no message.
    ...(connection.hint === undefined
      ? {}
      : { hint: (retryMs: number) => connection.hint?.(retryMs) }),
    heartbeat: () => connection.heartbeat(),
    ...(connection.onAnswer === undefined
      ? {}
      : { onAnswer: (callback: () => void) => connection.onAnswer?.(callback) }),
    close: (reason, retryMs) => connection.close(reason, retryMs),
    destroy: () => connection.destroy(),
  };
}
