/** When a client is told to come back after a cut that it is not told of: a field of its protocol, or an event. */
import type { Random } from '../core/random.ts';
import type { Connection } from '../core/transport.ts';

/**
 * Another time for every session: those who were told the same would come back at the same moment.
 * @param retryMs give or take half; 0 says nothing
 * @param tell sends an event, where the protocol has no field for it
 */
export function hintRetry(
  connection: Connection,
  retryMs: number,
  random: Random,
  tell: (event: string, data: string) => void,
): void {
  if (retryMs === 0) return;
  const ms = Math.round(retryMs * (0.5 + random.next()));
  if (connection.hint !== undefined) connection.hint(ms);
  else tell('retry', JSON.stringify({ ms }));
}
