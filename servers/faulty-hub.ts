/**
 * A hub that does wrong on purpose, and counts what it did: the known answer that the ledger of the
 * generator is checked against. Kept apart so that the hub itself pays nothing for it.
 */
import { NS_PER_MS } from '../core/clock.ts';
import type { Faults, Injected } from '../core/faults.ts';
import type { Random } from '../core/random.ts';
import type { Frame } from '../core/transport.ts';
import { Hub } from './hub.ts';
import type { HubOptions, Publication } from './hub-options.ts';
import type { Session } from './session.ts';

export class FaultyHub extends Hub {
  injected = { dropped: 0, duplicated: 0, swapped: 0, delayed: 0 };
  private readonly faults: Faults;
  private readonly random: Random;
  private armed = false;
  /** A message held back so that the next one overtakes it. */
  private held: Publication | undefined;
  /** Messages that wait for their time, by its timer. */
  private readonly delayed = new Map<NodeJS.Timeout, Publication>();
  private readonly now: HubOptions['clock'];
  /** What leaks. */
  private readonly kept: Buffer[] = [];

  constructor(options: HubOptions, faults: Faults) {
    super(options);
    this.faults = faults;
    this.random = options.random;
    this.now = options.clock;
  }

  /** Faults are injected between `arm` and `disarm` only. */
  arm(): void {
    this.injected = { dropped: 0, duplicated: 0, swapped: 0, delayed: 0 };
    this.armed = true;
  }

  disarm(): Injected {
    this.armed = false;
    this.releaseHeld();
    for (const [timer, publication] of this.delayed) {
      clearTimeout(timer);
      super.publish(publication);
    }
    this.delayed.clear();
    return this.injected;
  }

  override publish(publication: Publication): void {
    if (this.armed && this.held === undefined && this.random.next() < this.faults.swap) {
      this.held = publication;
      return;
    }
    if (this.armed && this.random.next() < this.faults.share) {
      this.injected.delayed += 1;
      const timer = setTimeout(() => {
        this.delayed.delete(timer);
        super.publish(publication);
      }, this.faults.delay);
      this.delayed.set(timer, publication);
      return;
    }
    super.publish(publication);
    if (this.held !== undefined) this.injected.swapped += 1;
    this.releaseHeld();
  }

  override deliver(session: Session, frame: Frame, key: string): void {
    if (this.armed && this.random.next() < this.faults.drop) {
      this.injected.dropped += 1;
      return;
    }
    if (this.armed && this.faults.cpu > 0) this.burn(this.faults.cpu);
    // Written to, since pages that nobody touched are not resident.
    if (this.armed && this.faults.leak > 0) this.kept.push(Buffer.alloc(this.faults.leak, 1));
    super.deliver(session, frame, key);
    if (this.armed && this.random.next() < this.faults.duplicate) {
      this.injected.duplicated += 1;
      super.deliver(session, frame, key);
    }
  }

  /** Busy for so long, ms. */
  private burn(ms: number): void {
    const end = this.now() + ms * NS_PER_MS;
    while (this.now() < end);
  }

  private releaseHeld(): void {
    const { held } = this;
    this.held = undefined;
    if (held !== undefined) super.publish(held);
  }
}
