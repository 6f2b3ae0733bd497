/** Tells a reset from an end in good order, which the protocols above a socket both call closed. */
import type { Socket } from 'node:net';
import type { End } from '../../core/records/probe.ts';
import { codeOf } from './probe-failure.ts';

/** @returns what the socket itself has seen so far */
export function watchEnd(socket: Socket): () => End {
  let reset = false;
  let ended = false;
  let why: string | undefined;
  socket.on('error', (error) => {
    const code = codeOf(error);
    if (code === 'ECONNRESET' || code === 'EPIPE') reset = true;
    else why ??= code === '' ? error.message : code;
  });
  socket.on('end', () => {
    ended = true;
  });
  return () => {
    if (reset) return { how: 'reset' };
    if (ended) return { how: 'fin' };
    return { how: 'broken', why: why ?? 'the connection is gone' };
  };
}
