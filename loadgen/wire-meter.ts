/** Bytes and messages on the connections of one worker since their handshakes, per phase. */
import type { Client } from '../core/transport.ts';

export interface WireTotals {
  readonly bytes: number;
  readonly messages: number;
}

export class WireMeter {
  private readonly totals: () => WireTotals | undefined;
  private atStart: WireTotals | undefined;
  /** Read by connections that are gone, and have another in their place. */
  private readByGone = 0;

  /** @param messages how many messages have come so far, over all connections */
  constructor(clients: () => readonly (Client | undefined)[], messages: () => number) {
    this.totals = () => {
      let bytes = this.readByGone;
      for (const client of clients()) {
        if (client === undefined) continue;
        if (client.bytesRead === undefined) return undefined;
        bytes += client.bytesRead;
      }
      return { bytes, messages: messages() };
    };
  }

  /** A connection is about to be replaced, so its bytes will be seen no more. */
  gone(client: Client): void {
    this.readByGone += client.bytesRead ?? 0;
  }

  start(): void {
    this.atStart = this.totals();
  }

  /**
   * Nothing is in flight where phases meet, so the difference is exact but for heartbeats.
   * @returns undefined where a library hides its bytes
   */
  read(): WireTotals | undefined {
    const now = this.totals();
    if (now === undefined || this.atStart === undefined) return undefined;
    return {
      bytes: now.bytes - this.atStart.bytes,
      messages: now.messages - this.atStart.messages,
    };
  }
}
