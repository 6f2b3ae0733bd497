/** Child processes of a command that measures: they end with it, and at once when it is interrupted. */
import type { Supervisor } from '../loadgen/child-process.ts';
import { createSupervisor } from '../loadgen/child-process.ts';
import type { Io } from './io.ts';

/** Resolves also where it was interrupted; what fails because of that is not thrown. */
export async function withSupervisor(
  io: Io,
  act: (supervisor: Supervisor) => Promise<void>,
): Promise<void> {
  const supervisor = createSupervisor();
  const stopChildren = (): void => supervisor.killAll();
  io.signal.addEventListener('abort', stopChildren, { once: true });
  try {
    await act(supervisor);
  } catch (error) {
    // What is ended in the middle complains in its own way.
    if (!io.signal.aborted) throw error;
  } finally {
    io.signal.removeEventListener('abort', stopChildren);
    supervisor.close();
  }
}
