/** One POST under way: what it asks, and the ways in which it can be answered. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PushEvent } from '../core/transport.ts';
import type { Gatekeeper } from './admission.ts';
import { readBody } from './body.ts';

const NOTHING = Buffer.alloc(0);

/** A class, with its query read only when it is looked at: there is one per request of a load. */
export class Post {
  /** The body, once it has been read. */
  bytes: Buffer = NOTHING;
  kind: PushEvent['kind'] = 'json';
  private readonly request: IncomingMessage;
  private readonly response: ServerResponse;
  private readonly gatekeeper: Gatekeeper;

  constructor(request: IncomingMessage, response: ServerResponse, gatekeeper: Gatekeeper) {
    this.request = request;
    this.response = response;
    this.gatekeeper = gatekeeper;
  }

  /** The second part of the path, as in `/sessions/<id>/send`. */
  get id(): string {
    return (this.request.url ?? '').split('/', 3)[2] ?? '';
  }

  /**
   * Whether a browser sent it. Chromium sends a POST again, unseen by its page, when the answer is 408
   * and the connection was used before.
   */
  get isFromBrowser(): boolean {
    return this.request.headers['sec-fetch-mode'] !== undefined;
  }

  get query(): URLSearchParams {
    const { url = '' } = this.request;
    const at = url.indexOf('?');
    return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
  }

  /** Calls back with the body in place; a body that cannot be taken is refused here. */
  read(limitBytes: number, onRead: () => void): void {
    readBody(this.request, limitBytes, (body) => {
      if (!body.ok) {
        this.refuse(body.status, body.says);
        return;
      }
      this.bytes = body.bytes;
      this.kind = body.kind;
      onRead();
    });
  }

  done(status = 204): void {
    this.response.writeHead(status).end();
  }

  /** @param text JSON */
  answer(status: number, text: string): void {
    this.response
      .writeHead(status, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
      })
      .end(text);
  }

  /** Counts the refusal too. What has not been read of the body is read and forgotten. */
  refuse(status: number, says: string, headers: Readonly<Record<string, string>> = {}): void {
    this.gatekeeper.count(status, says);
    this.request.resume();
    // So much may follow that the connection is better not used again.
    const close = status === 413 || status === 415 ? { Connection: 'close' } : {};
    this.response
      .writeHead(status, { 'Content-Type': 'text/plain', ...headers, ...close })
      .end(`${says}\n`);
  }
}
