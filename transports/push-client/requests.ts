/** Requests of this client that are not answered yet, and how each of them may end. */
import { PushClientError } from './push-client-error.ts';
import type { Timer, Timers } from './timers.ts';

export interface RequestOptions {
  /** How long the answer may take, ms, waiting for a connection included. Default 30,000. */
  readonly timeoutMs?: number;
  /** Takes the parts of an answer that comes in several; the last one is what the promise resolves to. */
  readonly onPart?: (data: unknown) => void;
  /** Gives the request up, and tells the server so. */
  readonly signal?: AbortSignal;
}

interface Pending {
  readonly onPart: ((data: unknown) => void) | undefined;
  /** Whether it was ever sent, and whether the connection was cut since. */
  sent: boolean;
  cut: boolean;
  resolve(data: unknown): void;
  reject(error: PushClientError): void;
}

const TIMEOUT_MS = 30_000;
/** After this long a lost connection has been noticed, or it was only that of one POST, ms. */
const NOTICE_MS = 1_000;

export class Requests {
  private readonly timers: Timers;
  /** Sends an operation as soon as there is a connection. */
  private readonly send: (operation: string, isWanted: () => boolean) => Promise<void>;
  private readonly pending = new Map<string, Pending>();
  private last = 0;

  constructor(timers: Timers, send: Requests['send']) {
    this.timers = timers;
    this.send = send;
  }

  /** @throws PushClientError (as a rejection) */
  async request(data: unknown, options: RequestOptions): Promise<unknown> {
    const { timeoutMs = TIMEOUT_MS, onPart, signal } = options;
    this.last += 1;
    const id = String(this.last);
    const operation = `{"op":"request","id":"${id}","data":${JSON.stringify(data ?? null)}}`;
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(new PushClientError('cancelled', 'given up before it was sent'));
        return;
      }
      let timer: Timer | undefined;
      const settle = (): void => {
        timer?.cancel();
        signal?.removeEventListener('abort', onAbort);
        this.pending.delete(id);
      };
      const pending: Pending = {
        onPart,
        sent: false,
        cut: false,
        resolve(value) {
          settle();
          resolve(value);
        },
        reject(error) {
          settle();
          reject(error);
        },
      };
      const giveUp = (error: PushClientError): void => {
        pending.reject(error);
        if (pending.sent) this.cancel(id);
      };
      const onAbort = (): void => giveUp(new PushClientError('cancelled', 'given up'));
      this.pending.set(id, pending);
      signal?.addEventListener('abort', onAbort);
      timer = this.timers.set(() => giveUp(tooLate(timeoutMs, pending)), timeoutMs);
      this.start(id, operation, pending);
    });
  }

  /** An event `answer` or `part`. @returns false where nobody waits for it */
  take(kind: 'answer' | 'part', message: unknown): boolean {
    const { id, data, error } = (message ?? {}) as {
      id?: unknown;
      data?: unknown;
      error?: unknown;
    };
    const pending = this.pending.get(String(id));
    if (pending === undefined) return false;
    if (kind === 'part') pending.onPart?.(data);
    else if (typeof error === 'string') pending.reject(new PushClientError('failed', error));
    else pending.resolve(data);
    return true;
  }

  /** The connection was lost: answers may still come, if the server keeps the session. */
  cut(): void {
    for (const one of this.pending.values()) one.cut = one.sent;
  }

  /** The server does not know this session any more, so nothing of it will be answered. */
  forgotten(): void {
    for (const one of [...this.pending.values()]) {
      if (!one.sent) continue;
      one.reject(
        new PushClientError(
          'lost',
          'the connection was lost and the server has forgotten the session',
        ),
      );
    }
  }

  close(why: string): void {
    for (const one of [...this.pending.values()]) one.reject(new PushClientError('closed', why));
  }

  private start(id: string, operation: string, pending: Pending): void {
    const isWanted = (): boolean => {
      const wanted = this.pending.get(id) === pending;
      if (wanted) pending.sent = true;
      return wanted;
    };
    this.send(operation, isWanted).catch((error: unknown) => {
      const problem = asClientError(error);
      const reject = (): void => {
        if (this.pending.get(id) === pending && !pending.cut) pending.reject(problem);
      };
      // It may have got there, and be answered when the connection is back, if that is what was lost.
      if (problem.code === 'lost' && pending.sent) this.timers.set(reject, NOTICE_MS);
      else reject();
    });
  }

  private cancel(id: string): void {
    // Without a connection there is nobody to tell, and nothing to do about it.
    this.send(`{"op":"cancel","id":"${id}"}`, () => true).catch(() => undefined);
  }
}

function tooLate(timeoutMs: number, { sent, cut }: Pending): PushClientError {
  const why = !sent
    ? '; there was no connection'
    : cut
      ? '; the connection was cut meanwhile, so it may have been answered in vain'
      : '';
  return new PushClientError('timeout', `no answer within ${timeoutMs} ms${why}`);
}

function asClientError(error: unknown): PushClientError {
  return error instanceof PushClientError ? error : new PushClientError('lost', String(error));
}
