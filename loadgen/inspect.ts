/** Asks all processes of a trial what they hold, at one moment. */
import type { WorkerInspected } from '../core/inspection.ts';
import type { ServerMemory } from '../core/process-memory.ts';
import type { TrialContext } from './trial-context.ts';

export interface Inspection {
  readonly server: ServerMemory;
  readonly workers: readonly WorkerInspected[];
}

/** What the server holds once all its garbage is collected. */
export async function inspectServer({
  server,
  setup,
}: Pick<TrialContext, 'server' | 'setup'>): Promise<ServerMemory> {
  const answer = server.next('inspected', setup.replyTimeoutMs);
  server.send({ kind: 'inspect', collect: true });
  return (await answer).memory;
}

/** @param collect after a forced collection of garbage in all of them */
export async function inspectAll(
  { server, workers, setup }: Pick<TrialContext, 'server' | 'workers' | 'setup'>,
  collect: boolean,
): Promise<Inspection> {
  const answers = Promise.all([
    server.next('inspected', setup.replyTimeoutMs),
    Promise.all(workers.map((worker) => worker.next('inspected', setup.replyTimeoutMs))),
  ]);
  for (const child of [server, ...workers]) child.send({ kind: 'inspect', collect });
  const [{ memory }, inspected] = await answers;
  return { server: memory, workers: inspected };
}
