/**
 * How messages get into a target: by a POST, a frame, or a command. Open loop: `send` never waits for what
 * became of the message before. What fails is counted with its cause, and never thrown.
 */
import type { Tally } from '../../core/process-reports.ts';
import type { LoadedTarget } from '../../core/target.ts';
import { commandPublisher } from './command-publisher.ts';
import type { Guard } from './guard.ts';
import type { Places } from './placeholders.ts';

export interface TargetPublisher {
  send(message: Buffer): void;
  /**
   * Resolves when it is known of all messages what became of them, or the time is up.
   * @returns why some have failed since the last call
   */
  settle(timeoutMs: number): Promise<readonly Tally[]>;
  close(): Promise<void>;
}

/**
 * Of the ways that take a library only the one that is meant is loaded: that is done for every trial.
 * @throws TargetFailure where there is no way to publish, or it cannot be opened
 */
export async function openPublisher(
  target: LoadedTarget,
  places: Places,
  guard: Guard,
): Promise<TargetPublisher> {
  const { publish } = target;
  if ('post' in publish) {
    const { postPublisher } = await import('./post-publisher.ts');
    return postPublisher(publish.post, places);
  }
  if ('frame' in publish) {
    const { framePublisher } = await import('./frame-publisher.ts');
    return framePublisher(target, publish.frame, places);
  }
  return commandPublisher(target, publish, places, guard);
}
