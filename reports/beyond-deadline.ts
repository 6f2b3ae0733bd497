/** Whether a figure of a trial is that of what never came: then only a lower bound of it is known. */
import type { Trial } from '../core/result.ts';
import { metricOf } from './metrics/registry.ts';

/** The figure is the deadline then, or later, and how much later nobody knows. */
export function isBeyondDeadline({ metrics, probes, ledger, trips }: Trial, id: string): boolean {
  const value = metrics[id];
  const deadlineUs = probes['deadlineUs'];
  if (metricOf(id)?.timed !== true) return false;
  if (value === undefined || deadlineUs === undefined || value < deadlineUs) return false;
  const missing = [trips?.request, trips?.ask].reduce(
    (sum, flow) => sum + (flow?.counts.unanswered ?? 0),
    ledger?.lost ?? 0,
  );
  return missing > 0;
}
