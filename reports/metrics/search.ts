/** Figures of trials with a record of this kind. */
import type { Metric } from '../metric.ts';

export const searchMetrics = {} as const satisfies Record<string, Metric>;
