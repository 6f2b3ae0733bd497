/** Words for what a probe found, shared by its sections and its advice. */
import type { End, Heartbeat, Silent, StreamKind, Talk } from '../core/records/probe.ts';
import { formatMicroseconds } from '../core/units.ts';

export const timeText = (ms: number): string => formatMicroseconds(ms * 1_000);

export const transportNames = {
  sse: 'an event stream (SSE)',
  ws: 'a WebSocket',
} satisfies Record<StreamKind, string>;

/** How a connection ended, as the rest of "it ended with …". */
export function endText(end: End, transport: StreamKind): string {
  switch (end.how) {
    case 'open':
      return 'nothing: it was open when the watching was over';
    case 'complete':
      return 'a complete answer, as if the stream were over';
    case 'close-frame':
      return `close code ${end.code}${end.reason === '' ? '' : ` (${JSON.stringify(end.reason)})`}`;
    case 'fin':
      return transport === 'ws'
        ? 'TCP closed and no close frame (what browsers call 1006)'
        : 'TCP closed in the middle of the answer';
    case 'reset':
      return transport === 'ws' ? 'a TCP reset (what browsers call 1006)' : 'a TCP reset';
    case 'swallowed':
      return 'nothing: nobody is told, and nothing comes through any more';
    case 'broken':
      return end.why;
  }
}

export const silentNames = {
  both: 'both sides',
  server: 'the server',
  client: 'the client',
} satisfies Record<Silent, string>;

export function talkText({ kind, everyMs }: Talk): string {
  if (kind === 'nothing' || everyMs === undefined) return 'said nothing';
  return kind === 'ping'
    ? `pinged every ${timeText(everyMs)}`
    : `sent a pong every ${timeText(everyMs)}, which nobody answers`;
}

export const beatNames = {
  comment: 'comments',
  ping: 'WebSocket pings',
  repeat: 'an event that repeats itself',
} satisfies Record<Heartbeat['kind'], string>;

/** Each once, in the order in which they first appear. */
export const each = (texts: readonly string[]): string => [...new Set(texts)].join('; ');
