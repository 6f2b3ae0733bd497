/** How measures of a path wait. */
import { pauseUntilAborted } from '../pause.ts';
import { ProbeFailure } from '../probing/probe-failure.ts';

/** @throws ProbeFailure when it is interrupted */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await pauseUntilAborted(ms, signal);
  if (signal.aborted) throw new ProbeFailure('aborted', 'interrupted');
}
