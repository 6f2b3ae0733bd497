/**
 * A client that sends POSTs over one connection, which it keeps for as long as the other end does, whatever
 * that one announces; it sends nothing twice. However a POST ends, it is an outcome.
 */
import type { ClientRequest } from 'node:http';
import { Agent, request } from 'node:http';
import { codeOf } from '../../probing/probe-failure.ts';
import type { Receipt } from './post-origin.ts';
import { receiptSchema } from './post-origin.ts';

const BODY = JSON.stringify({
  text: 'a message of an ordinary length, as a person would write it',
});

export type Outcome =
  | { readonly how: 'answered'; readonly receipt: Receipt }
  /** Not by the origin. */
  | { readonly how: 'status'; readonly status: number }
  /** The connection ended and there was no answer. */
  | { readonly how: 'hung up'; readonly code: string }
  | { readonly how: 'silent' };

export interface Posted {
  readonly outcome: Outcome;
  /** `performance.now()` */
  readonly sentAt: number;
  readonly endedAt: number;
  /** Whether it went over the connection of the one before. */
  readonly reused: boolean;
}

export interface PostClient {
  post(path: string): Promise<Posted>;
  /** Resolves when the connection that it keeps is gone. */
  readonly closed: Promise<{ readonly at: number }>;
  close(): void;
}

/** Does not let go of a connection because the other end says that it is going to. */
class KeepingAgent extends Agent {
  override keepSocketAlive(): boolean {
    return true;
  }
}

/** @param url of the path, whose own path is replaced */
export function createPostClient(url: URL, timeoutMs: number): PostClient {
  const agent = new KeepingAgent({ keepAlive: true, maxSockets: 1 });
  let tellClosed: (closed: { at: number }) => void = () => undefined;
  const closed = new Promise<{ at: number }>((resolve) => {
    tellClosed = resolve;
  });
  return {
    closed,
    close: () => agent.destroy(),
    post: (path) =>
      new Promise((resolve) => {
        const sending = request(new URL(path, url), {
          method: 'POST',
          agent,
          headers: { 'Content-Type': 'application/json', 'Content-Length': BODY.length },
        });
        const sentAt = performance.now();
        const timer = setTimeout(() => {
          end({ how: 'silent' });
          sending.destroy();
        }, timeoutMs);
        const end = (outcome: Outcome): void => {
          clearTimeout(timer);
          resolve({ outcome, sentAt, endedAt: performance.now(), reused: sending.reusedSocket });
        };
        sending.once('socket', (socket) => {
          socket.setNoDelay(true);
          if (sending.reusedSocket) return;
          socket.once('close', () => tellClosed({ at: performance.now() }));
        });
        // More than one may come, as when the other end resets what it has ended.
        sending.on('error', (error) => end({ how: 'hung up', code: codeOf(error) }));
        readAnswer(sending, end);
        sending.end(BODY);
      }),
  };
}

function readAnswer(sending: ClientRequest, end: (outcome: Outcome) => void): void {
  sending.once('response', (response) => {
    let text = '';
    response.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    response.once('error', (error) => end({ how: 'hung up', code: codeOf(error) }));
    response.once('end', () => end(outcomeOf(response.statusCode ?? 0, text)));
  });
}

function outcomeOf(status: number, text: string): Outcome {
  if (status !== 200) return { how: 'status', status };
  const receipt = receiptSchema.safeParse(jsonOf(text));
  return receipt.success ? { how: 'answered', receipt: receipt.data } : { how: 'status', status };
}

/** Undefined where it is none: then somebody else has answered. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** '502', 'hung up' or 'silence'; undefined where the origin has answered. */
export function lossOf(outcome: Outcome): string | undefined {
  switch (outcome.how) {
    case 'answered':
      return undefined;
    case 'status':
      return String(outcome.status);
    case 'hung up':
      return 'hung up';
    case 'silent':
      return 'silence';
  }
}
