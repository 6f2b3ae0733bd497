/** In which order protocols are tried: by preference, but not one that lately had to be given up. */
import type { Protocol } from './link.ts';

export class ProtocolChoice {
  private readonly preferred: readonly Protocol[];
  private readonly shunMs: number;
  private readonly shunnedUntil = new Map<Protocol, number>();

  /** @param shunMs how long a protocol is not tried first after another was taken in its place */
  constructor(preferred: readonly Protocol[], shunMs: number) {
    this.preferred = preferred;
    this.shunMs = shunMs;
  }

  /** All of them: those that are shunned come last rather than never, in case the others are gone. */
  at(now: number): Protocol[] {
    const isShunned = (one: Protocol): boolean => (this.shunnedUntil.get(one) ?? 0) > now;
    return [
      ...this.preferred.filter((one) => !isShunned(one)),
      ...this.preferred.filter((one) => isShunned(one)),
    ];
  }

  /** One was taken in place of those that were tried before it. */
  taken(protocol: Protocol, insteadOf: readonly Protocol[], now: number): void {
    for (const one of insteadOf) this.shunnedUntil.set(one, now + this.shunMs);
    this.shunnedUntil.delete(protocol);
  }
}
