/**
 * Who may connect: whoever has the token, and pages of the origins that are listed. One token for all;
 * who somebody is, and what he may do once he is in, is not decided here.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

export interface AccessOptions {
  /** Visible ASCII characters, as a header carries them; undefined lets everybody in. */
  readonly token: string | undefined;
  /** Pages that may connect, as browsers say it: 'https://example.com:8443', or 'null'. */
  readonly origins: 'any' | readonly string[];
}

export interface Refusal {
  readonly status: 401 | 403;
  readonly says: string;
  readonly headers: Record<string, string>;
}

export interface Access {
  /** Whether everybody may come who is no page of a foreign origin. */
  readonly asksForNoToken: boolean;
  /** @returns why the request is refused; undefined when it is not */
  check(request: {
    readonly headers: IncomingHttpHeaders;
    readonly query: URLSearchParams;
  }): Refusal | undefined;
  /** Headers of an answer that let a page of this origin read it; none where it may not. */
  corsHeaders(origin: string | undefined): Record<string, string>;
  /** Answers OPTIONS. No token is asked for: browsers send none here. */
  preflight(headers: IncomingHttpHeaders): {
    readonly status: 204 | 403;
    readonly headers: Record<string, string>;
  };
}

/** How long a browser may remember a preflight, s. Chromium takes no more than two hours. */
const PREFLIGHT_MAX_AGE_S = 7_200;

const METHODS = 'GET, POST, OPTIONS';
/** Last-Event-ID and Cache-Control are what clients of event streams made with `fetch` send. */
const REQUEST_HEADERS = 'Authorization, Content-Type, Last-Event-ID, Cache-Control';

/** @throws RangeError for a token or an origin that no request could ever match */
export function createAccess({ token, origins }: AccessOptions): Access {
  // An empty token is a variable that somebody forgot to set, and must not open the door.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new RangeError('the token must be visible ASCII characters, one at least');
  }
  const malformed = origins === 'any' ? undefined : origins.find((origin) => !isOrigin(origin));
  if (malformed !== undefined) {
    throw new RangeError(`'${malformed}' is no origin: it is like 'https://example.com:8443'`);
  }
  const expected = token === undefined ? undefined : digest(token);
  const mayRead = (origin: string): boolean => origins === 'any' || origins.includes(origin);

  function corsHeaders(origin: string | undefined): Record<string, string> {
    if (origin === undefined || !mayRead(origin)) return {};
    return {
      // Never '*', so that the answer is the same with a token and without.
      'Access-Control-Allow-Origin': origin,
      'Access-Control-Expose-Headers': 'Retry-After',
      Vary: 'Origin',
    };
  }

  return {
    asksForNoToken: expected === undefined,
    check({ headers, query }) {
      const { origin } = headers;
      if (origin !== undefined && !mayRead(origin)) {
        return { status: 403, says: 'this origin may not connect', headers: {} };
      }
      if (expected === undefined) return undefined;
      // EventSource and WebSocket of a browser send no headers of their own: theirs is in the query.
      const given = bearerOf(headers.authorization) ?? query.get('token');
      if (given !== null && timingSafeEqual(digest(given), expected)) return undefined;
      return {
        status: 401,
        says: given === null ? 'a token is needed' : 'the token is wrong',
        headers: { 'WWW-Authenticate': 'Bearer' },
      };
    },
    corsHeaders,
    preflight({ origin }) {
      if (origin !== undefined && !mayRead(origin)) return { status: 403, headers: {} };
      return {
        status: 204,
        headers: {
          ...corsHeaders(origin),
          'Access-Control-Allow-Methods': METHODS,
          'Access-Control-Allow-Headers': REQUEST_HEADERS,
          'Access-Control-Max-Age': String(PREFLIGHT_MAX_AGE_S),
        },
      };
    },
  };
}

/** Hashes have one length, so that comparing them tells neither the token nor how long it is. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Other schemes are not meant for us: a proxy in front may have a password of its own. */
function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/i.exec(authorization ?? '')?.[1];
}

/** Origins are compared letter by letter, so one with a path or in capitals would never match. */
function isOrigin(text: string): boolean {
  return text === 'null' || /^[a-z][a-z0-9+.-]*:\/\/[^/?#@\sA-Z]+$/.test(text);
}
