/**
 * What changes in the verdict on a trial of somebody else's server: what is published through it may be refused,
 * and of its processes perhaps nothing is known. Pure, as the rest of it.
 */
import type { Evidence, Rule } from './validity.ts';

/** Of its CPU time, what the first thread has to have used for its waits to be those of the server. */
const MOST = 0.5;

export const targetRules: readonly Rule[] = [
  {
    id: 'published',
    title: 'messages that the target did not take',
    unit: 'count',
    bad: 'above',
    value: ({ probes }) => probes['failedSends'],
    suspect: 0,
    broken:
      'what was not taken was published to nobody and counts as lost; the causes are listed with the trial',
  },
];

/** Why a rule is not judged in a trial of a target; undefined where it is. */
export function skippedByTarget(id: string, { isTarget, probes }: Evidence): string | undefined {
  if (isTarget !== true || id !== 'server-queue') return undefined;
  const { serverMainCpuNs, serverCpuNs } = probes;
  if (serverMainCpuNs === undefined || serverCpuNs === undefined) return undefined;
  return serverMainCpuNs < MOST * serverCpuNs
    ? 'most of the work is done by other threads than the first, and they wait for each other'
    : undefined;
}

/** Why a rule has nothing to judge; undefined where that is the machine's doing. */
export function unknownOfTarget(id: string, { isTarget }: Evidence): string | undefined {
  return isTarget === true && id === 'server-queue'
    ? 'not measured: no process of this server can be looked at (cost.pid in its target file says which)'
    : undefined;
}
