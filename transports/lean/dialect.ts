/**
 * What a client of somebody else's server says, out of the texts of its target file: the request it opens
 * with, and what stands in for `{client}` and `{id}`. Whether the answer is right is judged where it is read.
 */
import type { ConnectOptions, Dialect, Endpoint } from '../../core/transport.ts';
import { HandshakeError } from '../../core/transport.ts';

/** A client that speaks a dialect. */
export interface Speaker {
  /** Its number among all clients. */
  readonly client: number;
  /** What its opening found in the group `id`; undefined before that. */
  id: string | undefined;
}

export function speakerOf({ number, client }: ConnectOptions): Speaker {
  return { client: number ?? client, id: undefined };
}

/** @throws HandshakeError where the text wants an id and nothing has found one */
export function fillIn(text: string, { client, id }: Speaker): string {
  if (id === undefined && text.includes('{id}')) {
    throw new HandshakeError(`'${text}' wants an {id}, which nothing has found`, {
      hint: 'a step of the opening that awaits something must have a group of that name: (?<id>…)',
    });
  }
  return text.replaceAll('{client}', String(client)).replaceAll('{id}', id ?? '');
}

type Headers = Readonly<Record<string, string>>;

/**
 * The head of the request for a stream.
 * @param usual headers that those of the dialect stand in for
 * @param fixed headers that nothing can stand in for
 * @throws HandshakeError where it would be no request: a header of two lines, a path with a blank
 */
export function requestOf(
  { endpoint, query }: ConnectOptions,
  dialect: Dialect,
  speaker: Speaker,
  usual: Headers,
  fixed: Headers = {},
): string {
  const headers = new Map<string, string>();
  const put = (name: string, value: string): void => {
    checkHeader(name, value);
    headers.set(name.toLowerCase(), `${name}: ${value}\r\n`);
  };
  for (const [name, value] of Object.entries({ Host: hostOf(endpoint), ...usual }))
    put(name, value);
  for (const [name, value] of Object.entries(dialect.headers)) put(name, fillIn(value, speaker));
  for (const [name, value] of Object.entries(fixed)) {
    if (headers.has(name.toLowerCase())) {
      throw new HandshakeError(`the header '${name}' is part of the handshake itself`, {
        hint: "leave it out of 'headers' in the target file",
      });
    }
    put(name, value);
  }
  return `GET ${pathOf(endpoint, query, speaker)} HTTP/1.1\r\n${[...headers.values()].join('')}\r\n`;
}

/** Subprotocols to ask for, in order; usually one or none. */
export function subprotocolsOf({
  subprotocol,
  headers,
}: Pick<Dialect, 'subprotocol' | 'headers'>): readonly string[] {
  const [, header] =
    Object.entries(headers).find(([name]) => name.toLowerCase() === 'sec-websocket-protocol') ?? [];
  return (header ?? subprotocol ?? '').split(',').flatMap((name) => name.trim() || []);
}

/** @throws HandshakeError where the server chose none of those it was asked for, as browsers see it */
export function checkSubprotocol(asked: readonly string[], chosen: string | undefined): void {
  if (chosen === undefined ? asked.length === 0 : asked.includes(chosen)) return;
  if (asked.length === 0) {
    throw new HandshakeError('the server chose a subprotocol that was not offered');
  }
  const wanted = asked.map((name) => `'${name}'`).join(', ');
  const came = chosen === undefined ? 'no subprotocol' : `the subprotocol '${chosen}'`;
  throw new HandshakeError(`the server chose ${came} where it was asked for ${wanted}`, {
    hint: "see 'subprotocol' in the target file",
  });
}

/** What the body of a POST looks like, where the target file does not say what it is. */
export function contentTypeOf(body: string): string {
  return /^\s*[[{"]/.test(body) ? 'application/json' : 'text/plain; charset=utf-8';
}

/** Replies to whole messages, ready to be compared. */
export class Replies {
  private readonly all: readonly { readonly when: Buffer; readonly send: string }[];
  private readonly speaker: Speaker;

  constructor({ replies }: Pick<Dialect, 'replies'>, speaker: Speaker) {
    this.all = replies.map(({ when, send }) => ({ when: Buffer.from(when), send }));
    this.speaker = speaker;
  }

  /** What is to be said to the message at bytes[start, end); undefined mostly. */
  to(bytes: Buffer, start: number, end: number): string | undefined {
    for (const { when, send } of this.all) {
      if (when.length !== end - start) continue;
      if (bytes.compare(when, 0, when.length, start, end) !== 0) continue;
      return fillIn(send, this.speaker);
    }
    return undefined;
  }
}

/** Without the port that goes without saying, as browsers send it. */
function hostOf({ host, port, tls }: Endpoint): string {
  const name = host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
  return port === (tls === undefined ? 80 : 443) ? name : `${name}:${port}`;
}

function pathOf({ path }: Endpoint, query: string | undefined, speaker: Speaker): string {
  // Whoever takes a URL apart may have escaped the braces.
  const filled = fillIn(path.replaceAll(/%7Bclient%7D/gi, '{client}'), speaker);
  const whole =
    query === undefined ? filled : `${filled}${filled.includes('?') ? '&' : '?'}${query}`;
  if (/^\/[\x21-\x7e]*$/.test(whole)) return whole;
  throw new HandshakeError(`'${whole}' is no path of a URL`, {
    hint: 'what is not a letter or digit may have to be escaped there: a blank is %20',
  });
}

function checkHeader(name: string, value: string): void {
  if (/^[\w!#$%&'*+.^`|~-]+$/.test(name) && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return;
  throw new HandshakeError(`the header '${name}' has a character that no header may have`, {
    hint: "see 'headers' in the target file: one line each, of plain letters",
  });
}
