/** What can go wrong with one thing a push client was asked to do. The connection has states instead. */

export type PushClientFault =
  /** The server said no; `status` is what it is in HTTP. */
  | 'refused'
  /** Nobody is there. */
  | 'unreachable'
  /** The connection went, and nobody knows what became of it. */
  | 'lost'
  | 'timeout'
  /** Given up by who asked. */
  | 'cancelled'
  /** The application on the server answered with an error. */
  | 'failed'
  /** The client was closed, or has given up. */
  | 'closed'
  /** More is waiting for a connection than may. */
  | 'full';

export class PushClientError extends Error {
  override readonly name = 'PushClientError';
  readonly code: PushClientFault;
  /** Present with `refused`, where there was one. */
  readonly status: number | undefined;
  /** When to try again, ms, where the server said so. */
  readonly retryMs: number | undefined;
  /** Whether the message is the server's own. */
  readonly spoken: boolean;

  /** What came with the refusal, whole. */
  readonly body: string | undefined;

  constructor(
    code: PushClientFault,
    message: string,
    more: { status?: number; retryMs?: number | undefined; spoken?: boolean; body?: string } = {},
  ) {
    super(message);
    this.code = code;
    this.status = more.status;
    this.retryMs = more.retryMs;
    this.spoken = more.spoken ?? false;
    this.body = more.body;
  }
}

/** @param data of an event `refused` */
export function refusalOf(data: unknown): PushClientError {
  const { status, says } = (data ?? {}) as { status?: unknown; says?: unknown };
  return new PushClientError('refused', String(says), {
    ...(typeof status === 'number' ? { status } : {}),
    spoken: true,
  });
}
