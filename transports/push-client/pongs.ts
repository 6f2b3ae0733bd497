/**
 * What waits for pongs. A server answers what comes over a WebSocket in its order, so the n-th pong belongs
 * to the n-th ping, and whatever was sent before a ping has been carried out or refused when its pong comes.
 */
import { PushClientError } from './push-client-error.ts';
import type { Timer, Timers } from './timers.ts';

interface Waiter {
  pong(): void;
  lost(error: PushClientError): void;
}

export interface PongsOptions {
  readonly timers: Timers;
  /** How long a pong may take, ms. */
  readonly limitMs: number;
  /** Sends a ping. */
  ping(): void;
  /** A ping was not answered within the limit: nobody is there any more. */
  overdue(): void;
}

export class Pongs {
  private readonly options: PongsOptions;
  private waiting: { readonly waiter: Waiter; readonly dueAt: number }[] = [];
  private timer: Timer | undefined;
  /** Set between the pongs around an operation whose refusal is waited for. */
  private takeRefusal: ((refusal: PushClientError) => void) | undefined;

  constructor(options: PongsOptions) {
    this.options = options;
  }

  /** Asks for a sign of life; if there is none, that is overdue. */
  probe(): void {
    this.expect({ pong: () => undefined, lost: () => undefined });
  }

  /**
   * Sends something between two pings: what is refused between their pongs is this.
   * @returns a promise of its having been carried out
   */
  around(send: () => Promise<void>): Promise<void> {
    return new Promise((resolve, reject) => {
      let refusal: PushClientError | undefined;
      const before = (): void => {
        this.takeRefusal = (refused) => {
          refusal = refused;
        };
      };
      const behind = (): void => {
        this.takeRefusal = undefined;
        if (refusal === undefined) resolve();
        else reject(refusal);
      };
      this.expect({ pong: before, lost: reject });
      send().catch(reject);
      this.expect({ pong: behind, lost: reject });
    });
  }

  /** @returns whether somebody was waiting for it */
  refused(refusal: PushClientError): boolean {
    this.takeRefusal?.(refusal);
    return this.takeRefusal !== undefined;
  }

  arrived(): void {
    const first = this.waiting.shift();
    this.arm();
    first?.waiter.pong();
  }

  /** The connection is gone, and with it all pongs that were still to come. */
  lose(says: string): void {
    const lost = this.waiting;
    this.waiting = [];
    this.takeRefusal = undefined;
    this.arm();
    for (const { waiter } of lost) waiter.lost(new PushClientError('lost', says));
  }

  private expect(waiter: Waiter): void {
    const { timers, limitMs, ping } = this.options;
    this.waiting.push({ waiter, dueAt: timers.now() + limitMs });
    if (this.waiting.length === 1) this.arm();
    ping();
  }

  private arm(): void {
    const { timers, overdue } = this.options;
    this.timer?.cancel();
    this.timer = undefined;
    const [first] = this.waiting;
    if (first === undefined) return;
    this.timer = timers.set(overdue, Math.max(0, first.dueAt - timers.now()));
  }
}
