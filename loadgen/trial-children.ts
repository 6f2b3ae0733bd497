/**
 * The processes of one trial, whoever starts them and whenever: the first that ends although nobody asked
 * it to ends the trial, wherever it is by then, and none is started or left when it is over.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Child, Supervisor } from './child-process.ts';
import { TrialFailure } from './child-process.ts';

/** How long after its consequences the end of a process may be noticed. */
const CAUSE_MS = 200;

export interface TrialChildren {
  /** Starts children that belong to the trial. */
  readonly supervisor: Supervisor;
  /** As `act`, unless a child crashes first. @throws TrialFailure (as a rejection) that names the child */
  unlessCrashed<T>(act: Promise<T>): Promise<T>;
  /**
   * Ends what still runs; whatever is to be started from here on fails. Resolves when all are gone: the next
   * trial may want their port.
   */
  end(): Promise<void>;
}

export function childrenOfTrial(supervisor: Supervisor): TrialChildren {
  const children = new Set<Pick<Child<never, never>, 'kill' | 'failure'>>();
  let isOver = false;
  let crashed: (error: unknown) => void = () => undefined;
  const crash = new Promise<never>((_, reject) => {
    crashed = reject;
  });
  // Of a trial that has ended by then there is nobody left to tell.
  crash.catch(() => undefined);
  return {
    supervisor: {
      ...supervisor,
      start(options) {
        if (isOver) throw new TrialFailure(`${options.title} was not started: the trial was over`);
        const child = supervisor.start<never, never>(options);
        children.add(child);
        child.crash.catch(crashed);
        return child as never;
      },
    },
    async unlessCrashed(act) {
      try {
        return await Promise.race([act, crash]);
      } catch (error) {
        // That nobody could connect may be noticed before the end of the server that is behind it.
        if (!isOver) await Promise.race([crash, pause(CAUSE_MS)]);
        throw error;
      }
    },
    async end() {
      isOver = true;
      for (const child of children) child.kill();
      await Promise.allSettled([...children].map(({ failure }) => failure));
    },
  };
}
