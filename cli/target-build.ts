/** Builds the targets of a run, each once, before anything of it is started or written. */
import { fault } from '../core/errors.ts';
import { buildTarget } from '../servers/target/build.ts';
import type { Io } from './io.ts';
import type { TargetChoice } from './target-file.ts';

/** @throws HarnessError `target-not-built`, or `interrupted` */
export async function buildTargets(
  targets: readonly Pick<TargetChoice, 'target'>[],
  io: Pick<Io, 'err' | 'signal'>,
): Promise<void> {
  for (const { target } of targets) {
    if (target?.build === undefined) continue;
    io.err(`building ${target.title ?? target.name}\n`);
    try {
      await buildTarget(target, io.signal);
    } catch (error) {
      if (!io.signal.aborted) throw error;
      throw fault('interrupted', { kept: undefined });
    }
  }
}
