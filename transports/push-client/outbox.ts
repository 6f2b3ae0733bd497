/** What an application wants done while there is no connection: it waits, in order, up to a limit. */
import { PushClientError } from './push-client-error.ts';

interface Waiting {
  act(): void;
  fail(error: PushClientError): void;
}

export class Outbox {
  private readonly limit: number;
  private waiting: Waiting[] = [];
  private state: 'holding' | 'open' | 'closed' = 'holding';
  private why = '';

  constructor(limit: number) {
    this.limit = limit;
  }

  /**
   * Acts now, or as soon as there is a connection.
   * @returns a promise of what comes of it
   */
  run<T>(act: () => Promise<T>): Promise<T> {
    if (this.state === 'open') return act();
    return new Promise((resolve, reject) => {
      if (this.state === 'closed') reject(new PushClientError('closed', this.why));
      else if (this.waiting.length >= this.limit) {
        reject(
          new PushClientError('full', `${this.limit} operations wait for a connection already`),
        );
      } else {
        const first = (): void => void act().then(resolve, reject);
        this.waiting.push({ act: first, fail: reject });
      }
    });
  }

  /** There is a connection. */
  open(): void {
    this.state = 'open';
    const waiting = this.waiting;
    this.waiting = [];
    for (const { act } of waiting) act();
  }

  /** There is none at the moment. */
  hold(): void {
    this.state = 'holding';
  }

  /** There will be none any more. */
  close(why: string): void {
    this.state = 'closed';
    this.why = why;
    const waiting = this.waiting;
    this.waiting = [];
    for (const { fail } of waiting) fail(new PushClientError('closed', why));
  }
}
