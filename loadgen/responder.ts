/**
 * Answers what the server asks the clients of this worker, as an application would: after some work,
 * perhaps in parts. The answer says how long it took, so that the way can be told from the work.
 */
import type { Clock } from '../core/clock.ts';
import { NS_PER_MS } from '../core/clock.ts';
import type { AskBehaviour } from '../core/control.ts';
import { createMessageWriter, MIN_MESSAGE_BYTES } from '../core/message.ts';
import type { Random } from '../core/random.ts';
import { createRandom } from '../core/random.ts';
import type { Client } from '../core/transport.ts';
import { readId } from './event-fields.ts';

const WORKED_WIDTH = 12;
/** Bytes of `{"worked":            ,"body":""}`. */
const EMPTY_DATA_BYTES = 21 + WORKED_WIDTH;

export class Responder {
  /** Answers and parts that could not be sent. */
  failed = 0;

  private readonly behaviour: AskBehaviour;
  private readonly clients: readonly (Client | undefined)[];
  private readonly clock: Clock;
  private readonly random: Random;
  private readonly body: string;
  private readonly write: ReturnType<typeof createMessageWriter>;
  private readonly timers = new Set<NodeJS.Timeout>();

  constructor(behaviour: AskBehaviour, clients: readonly (Client | undefined)[], clock: Clock) {
    this.behaviour = behaviour;
    this.clients = clients;
    this.clock = clock;
    this.random = createRandom(behaviour.seed);
    this.body = 'x'.repeat(Math.max(0, behaviour.payloadBytes - EMPTY_DATA_BYTES));
    this.write = createMessageWriter(Math.max(MIN_MESSAGE_BYTES, behaviour.payloadBytes));
  }

  /** @returns false where it is no question */
  ask(client: number, bytes: Uint8Array, start: number, end: number, receivedAt: number): boolean {
    const id = readId(bytes, start, end);
    if (id === undefined) return false;
    const { workMs, work } = this.behaviour;
    const ms = work === 'constant' ? workMs : this.random.exponential(workMs);
    this.after(ms, () => this.reply(client, id, receivedAt));
    return true;
  }

  /** What is not answered yet will not be. */
  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private reply(client: number, id: string, receivedAt: number): void {
    if (this.behaviour.parts === 0) this.answer(client, id, receivedAt);
    else void this.replyInParts(client, id, receivedAt);
  }

  /**
   * Sends one part after another, then the answer: each a gap after the one before was due, and not before
   * that one has got there. Two POSTs under way at one time would be free to overtake each other.
   */
  private async replyInParts(client: number, id: string, receivedAt: number): Promise<void> {
    const { parts, gapMs } = this.behaviour;
    const startedAt = this.clock();
    for (let part = 0; part < parts; part += 1) {
      const data = this.write(part, receivedAt, this.clock()).toString('latin1');
      await this.send(client, `{"op":"part","id":"${id}","data":${data}}`);
      const leftMs = (part + 1) * gapMs - (this.clock() - startedAt) / NS_PER_MS;
      await new Promise<void>((resolve) => this.after(leftMs, resolve));
    }
    this.answer(client, id, receivedAt);
  }

  private answer(client: number, id: string, receivedAt: number): void {
    const worked = String(this.clock() - receivedAt).padStart(WORKED_WIDTH);
    const data = `{"worked":${worked},"body":"${this.body}"}`;
    void this.send(client, `{"op":"answer","id":"${id}","data":${data}}`);
  }

  private after(ms: number, task: () => void): void {
    if (ms <= 0) {
      task();
      return;
    }
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      task();
    }, ms);
    this.timers.add(timer);
  }

  /** Resolves when it has got there, or could not be sent. */
  private async send(client: number, text: string): Promise<void> {
    try {
      await this.clients[client]?.send(Buffer.from(text, 'latin1'));
    } catch {
      // Only how many is told: what the server lacks shows on its side, with the reason.
      this.failed += 1;
    }
  }
}
