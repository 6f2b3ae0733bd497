/** Clients that only hold their connection: what comes is not looked at, and who leaves is counted. */
import type { Client, Sink } from '../core/transport.ts';

export class Bystanders implements Sink {
  readonly clients: Client[] = [];
  closedSoFar = 0;

  message(): void {
    // Heartbeats that are messages, a welcome: nothing here is a delivery.
  }

  closed(): void {
    this.closedSoFar += 1;
  }

  close(): void {
    for (const client of this.clients) client.close();
  }
}
