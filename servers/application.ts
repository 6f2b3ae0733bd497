/** What an application plugs into the push server: how it answers what clients ask. */

/** A request of a client, as the application sees it. */
export interface AppRequest {
  /** Number of the session it came from, and its identity where it has one. */
  readonly session: { readonly number: number; readonly id: string | undefined };
  readonly data: unknown;
  /** The data as JSON text. What is handed on unread is better handed on as `new RawJson(request)`. */
  readonly text: string;
  /** Aborted when the client gives the request up, or has gone. */
  readonly signal: AbortSignal;
}

/**
 * Answers a request: with a value, later with a promise of one, or in parts with an async iterable whose
 * return value is the answer. What it throws is told to the client as an error, by its message.
 */
export type RequestHandler = (
  request: AppRequest,
) => unknown | Promise<unknown> | AsyncGenerator<unknown, unknown>;

/** JSON that is sent as it is. It must be one value, and on one line. */
export class RawJson {
  /** The text, or what has it: the data of a request that is sent back is never made a string of. */
  readonly source: string | Pick<AppRequest, 'text'>;

  constructor(source: string | Pick<AppRequest, 'text'>) {
    this.source = source;
  }

  get text(): string {
    return typeof this.source === 'string' ? this.source : this.source.text;
  }
}

/** Answers with what was sent. */
export const echo: RequestHandler = (request) => new RawJson(request);

export function isGenerator(value: unknown): value is AsyncGenerator<unknown, unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof RawJson) &&
    Symbol.asyncIterator in value
  );
}
