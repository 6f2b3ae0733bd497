/**
 * Why a connection did not come about, in words: what was expected, what came instead, and what to do about
 * it. The same for every client, so that a report counts one trouble as one.
 */
import { STATUS_CODES } from 'node:http';
import { HandshakeError } from '../core/transport.ts';

/** What a client needs of an answer's head to say what is wrong with it. */
export interface Answer {
  readonly status: number;
  /** Left out: the usual words for the status. */
  readonly statusText?: string;
  readonly headers: {
    readonly type?: string | undefined;
    readonly location?: string | undefined;
    readonly retryAfter?: string | undefined;
  };
}

export const EVENT_STREAM = '200 with text/event-stream';
export const WEB_SOCKET = '101 Switching Protocols';
export type Expected = typeof EVENT_STREAM | typeof WEB_SOCKET;

export function isEventStream(type: string | undefined): boolean {
  return /^text\/event-stream\s*(;|$)/i.test(type ?? '');
}

/** @returns an error that says which answer came instead of which */
export function unexpectedAnswer(expected: Expected, answer: Answer): HandshakeError {
  const { status, statusText = STATUS_CODES[status] ?? '', headers } = answer;
  const came = [
    `${status} ${statusText}`.trimEnd(),
    ...(expected === EVENT_STREAM && status === 200
      ? [`with ${headers.type ?? 'no content type'}`]
      : []),
    ...(headers.retryAfter === undefined ? [] : [`(Retry-After: ${headers.retryAfter})`]),
    ...(isRedirect(answer) ? [`to ${headers.location}`] : []),
  ].join(' ');
  return new HandshakeError(`the server answered ${came} instead of ${expected}`, {
    hint: hintFor(expected, answer),
    retryMs: retryMsOf(headers.retryAfter),
  });
}

function isRedirect({ status, headers }: Answer): boolean {
  return status >= 300 && status < 400 && headers.location !== undefined;
}

function hintFor(expected: Expected, answer: Answer): string | undefined {
  const { status, headers } = answer;
  if (isRedirect(answer)) return `it is served elsewhere: connect to ${headers.location} itself`;
  if (status === 401 || status === 403 || status === 407) {
    return 'it wants credentials, or other ones: check the token';
  }
  if (status === 404)
    return 'nothing of the kind is served there: check the path and what it asks for';
  if (status === 429 || status === 503) {
    return headers.retryAfter === undefined
      ? 'it takes no more for now: try again later, or with fewer clients'
      : 'it takes no more for now: come back when it says, or with fewer clients';
  }
  if (status === 502 || status === 504)
    return 'a proxy has no server behind it that answers: see its log';
  if (status >= 500) return 'see the log of the server';
  if (status >= 200 && status < 300) {
    return expected === WEB_SOCKET
      ? 'it takes no WebSocket there, or a proxy on the way drops the upgrade'
      : 'something else answers at this address, such as a page for browsers: check the address';
  }
  return undefined;
}

/** Seconds only: the form with a date needs a clock that agrees with the server's. */
export function retryMsOf(retryAfter: string | undefined): number | undefined {
  return retryAfter !== undefined && /^\d{1,6}$/.test(retryAfter)
    ? Number(retryAfter) * 1_000
    : undefined;
}

/** How far a connection has come. */
export type Stage = 'connecting' | 'asking' | 'unnamed';

/** @param stage where it was when the time was up */
export function tooSlow(stage: Stage, address: string, timeoutMs: number): HandshakeError {
  const within = `within ${timeoutMs} ms`;
  switch (stage) {
    case 'connecting':
      return new HandshakeError(`no connection to ${address} ${within}`, {
        hint: 'nobody accepts it, or a firewall drops it: check the address, or raise --connect-timeout',
      });
    case 'asking':
      return new HandshakeError(`no answer ${within}`, {
        hint: 'the connection was accepted and nothing came: see whether the server hangs, or raise --connect-timeout',
      });
    case 'unnamed':
      return new HandshakeError(`no identity ${within}`, {
        hint: "the stream began without an event 'welcome': is it a push server?",
      });
  }
}

const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there: check the address, and whether the server runs',
  ECONNRESET:
    'the server, or something on the way, refuses connections: see its log and its limits',
  ENOTFOUND: 'check the name of the host',
  EMFILE: "this process may open no more files: 'npm run doctor' says how to raise the limit",
  EADDRNOTAVAIL:
    "no local port is free: 'npm run doctor' says how to get more, or take fewer clients",
  ETIMEDOUT: 'nobody answers there: check the address, or a firewall on the way',
};

export const SERVER_ENDED = 'the server ended the connection';
/** What undici and `ws` call the same. */
const LIBRARY_WORDS: ReadonlySet<string> = new Set(['other side closed', 'socket hang up']);

/** @param cause what the socket, or whoever ended it, said */
export function brokenOff(cause: string): HandshakeError {
  const [code = ''] = /\bE[A-Z]{4,}\b/.exec(cause) ?? [];
  const ended = cause === SERVER_ENDED || LIBRARY_WORDS.has(cause);
  return new HandshakeError(ended ? `${SERVER_ENDED} before it answered` : cause, {
    hint: HINTS[code] ?? (ended ? 'see the log of the server, and its limits' : undefined),
  });
}
