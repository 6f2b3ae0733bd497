/** The messages with which the controller asks its processes what they hold. */
import type { EncodedHistogram } from './histogram.ts';
import type { ProcessMemory, ServerMemory } from './process-memory.ts';

/** Asks what memory a process holds and what keeps it alive, after a forced collection where that is wanted. */
export interface Inspect {
  readonly kind: 'inspect';
  readonly collect: boolean;
}

export interface ServerInspected {
  readonly kind: 'inspected';
  readonly memory: ServerMemory;
}

export interface WorkerInspected {
  readonly kind: 'inspected';
  readonly memory: ProcessMemory;
  /** Deliveries so far in this phase, and due → received of those since it was asked last, µs. */
  readonly received: number;
  readonly due: EncodedHistogram;
  /** Connections that have ended since the start. */
  readonly closed: number;
}
