/** Builds a target, once for all trials of a run. */
import { fault } from '../../core/errors.ts';
import type { LoadedTarget } from '../../core/target.ts';
import { startGroup } from './command-group.ts';
import { startGuard } from './guard.ts';
import { fillAll, fillCommand, titleOf } from './placeholders.ts';

/** How long a build may take to end when it is no longer wanted, ms. */
const STOP_MS = 2_000;

/**
 * Nothing happens where the target has no `build`.
 * @throws HarnessError `target-not-built`; what `signal` was aborted with
 */
export async function buildTarget(target: LoadedTarget, signal: AbortSignal): Promise<void> {
  const { build, cwd, env } = target;
  if (build === undefined) return;
  signal.throwIfAborted();
  const guard = startGuard();
  try {
    const places = { port: undefined, folder: guard.folder };
    const group = startGroup(fillCommand(build, places), {
      cwd,
      env: fillAll(env, places),
      cores: [],
      guard,
    });
    let stopWaiting: () => void = () => undefined;
    const aborted = new Promise<undefined>((resolve) => {
      stopWaiting = () => resolve(undefined);
      signal.addEventListener('abort', stopWaiting, { once: true });
    });
    try {
      const outcome = await Promise.race([group.ended, aborted]);
      signal.throwIfAborted();
      if (outcome === undefined || outcome.isGood) return;
      throw fault('target-not-built', {
        title: titleOf(target),
        problem: `its build ${outcome.says}`,
        words: group.lastWords(),
        cwd,
      });
    } finally {
      signal.removeEventListener('abort', stopWaiting);
      await group.stop(STOP_MS);
    }
  } finally {
    await guard.release();
  }
}
