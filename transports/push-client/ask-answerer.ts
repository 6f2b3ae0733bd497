/** Answers what the server asks this client: with a value, a promise of one, or in parts. */
import { reasonOf } from '../../core/errors.ts';

/**
 * @param signal aborted when nobody waits for the answer any more
 * @returns the answer, a promise of it, or an async generator of parts that returns the answer; what it
 * throws is told to whoever asked, by its message
 */
export type AskHandler = (data: unknown, signal: AbortSignal) => unknown;

export class AskAnswerer {
  handler: AskHandler | undefined;
  private readonly send: (operation: string) => Promise<void>;
  /** One for all asks of a connection: they end with it. */
  private controller = new AbortController();

  /** @param send must not reject */
  constructor(send: (operation: string) => Promise<void>) {
    this.send = send;
  }

  /** An event `ask`. Never rejects. */
  async answer(message: unknown): Promise<void> {
    const { id, data } = (message ?? {}) as { id?: unknown; data?: unknown };
    const { handler, controller } = this;
    const { signal } = controller;
    let outcome: string;
    try {
      if (handler === undefined) throw new Error('this client answers no questions');
      const made = handler(data, signal);
      const value = isGenerator(made) ? await this.parts(id, made, signal) : await made;
      outcome = `"data":${JSON.stringify(value ?? null) ?? 'null'}`;
    } catch (error) {
      outcome = `"error":${JSON.stringify(reasonOf(error))}`;
    }
    if (!signal.aborted) await this.send(`{"op":"answer","id":${JSON.stringify(id)},${outcome}}`);
  }

  /** The connection is gone, and who asked has been told so. */
  abandon(): void {
    this.controller.abort();
    this.controller = new AbortController();
  }

  private async parts(
    id: unknown,
    generator: AsyncGenerator<unknown, unknown>,
    signal: AbortSignal,
  ): Promise<unknown> {
    for (;;) {
      const { done, value } = await generator.next();
      if (done === true) return value;
      if (signal.aborted) return generator.return(undefined);
      const data = JSON.stringify(value ?? null) ?? 'null';
      await this.send(`{"op":"part","id":${JSON.stringify(id)},"data":${data}}`);
    }
  }
}

function isGenerator(value: unknown): value is AsyncGenerator<unknown, unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}
