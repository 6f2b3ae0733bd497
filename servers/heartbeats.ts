/** Beats every session once per interval, spread over it, so that thousands never beat together. */
import type { Random } from '../core/random.ts';
import type { Session } from './session.ts';

/** Moments of the interval that sessions are spread over. */
const SLOTS = 64;

export class Heartbeats {
  private readonly slots: Set<Session>[] = Array.from({ length: SLOTS }, () => new Set());
  private readonly slotOf = new Map<Session, Set<Session>>();
  private readonly random: Random;
  private readonly timer: NodeJS.Timeout | undefined;

  /** @param intervalMs 0 beats nobody */
  constructor(intervalMs: number, random: Random) {
    this.random = random;
    if (intervalMs === 0) return;
    let slot = 0;
    this.timer = setInterval(() => {
      for (const session of this.slots[slot] ?? []) session.connection?.heartbeat();
      slot = (slot + 1) % SLOTS;
    }, intervalMs / SLOTS);
    this.timer.unref();
  }

  add(session: Session): void {
    const slot = this.slots[this.random.int(SLOTS)];
    if (this.timer === undefined || slot === undefined) return;
    slot.add(session);
    this.slotOf.set(session, slot);
  }

  remove(session: Session): void {
    this.slotOf.get(session)?.delete(session);
    this.slotOf.delete(session);
  }

  close(): void {
    clearInterval(this.timer);
  }
}
