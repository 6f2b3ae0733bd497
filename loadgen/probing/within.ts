/** A step that somebody else has to take: it has a limit of time, and an end from outside. */
import { ProbeFailure } from './probe-failure.ts';

/** Of its two functions the first that is called counts. */
type Begin<T> = (resolve: (value: T) => void, fail: (failure: ProbeFailure) => void) => void;

/**
 * @param missing what has not come when the time is up
 * @throws ProbeFailure `silent`, `aborted`, or what `fail` was given
 */
export function within<T>(
  { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  missing: string,
  begin: Begin<T>,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const over = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    const fail = (failure: ProbeFailure): void => {
      over();
      reject(failure);
    };
    const onAbort = (): void => fail(new ProbeFailure('aborted', 'interrupted'));
    const timer = setTimeout(() => fail(new ProbeFailure('silent', missing)), timeoutMs);
    signal?.addEventListener('abort', onAbort, { once: true });
    begin((value) => {
      over();
      resolve(value);
    }, fail);
    if (signal?.aborted === true) onAbort();
  });
}
