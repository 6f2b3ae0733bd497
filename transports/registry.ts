/** The transports, by name. To add one: a file or folder beside this one, and a line here. */
import type { Transport } from '../core/transport.ts';
import { raw } from './raw/index.ts';
import { sse, ssePrepared } from './sse/index.ts';
import { ws, wsPrepared } from './ws/index.ts';

export const transports = {
  sse,
  ws,
  raw,
  'sse-prepared': ssePrepared,
  'ws-prepared': wsPrepared,
} satisfies Record<string, Transport>;

export type TransportName = keyof typeof transports;
