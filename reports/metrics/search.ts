/** What a search found, as figures of the trial that shows it: the last load that met the objective. */
import type { Metric } from '../metric.ts';

const FOUND =
  'at which a search found its objective met, and missed not far above; of the trial that confirmed it';

export const searchMetrics = {
  'capacity.rate': {
    title: 'highest rate',
    unit: '/s',
    better: 'higher',
    explain: `highest rate of broadcasts ${FOUND}`,
    derive: ({ probes }) => probes['highest.rate'],
  },
  'capacity.clients': {
    title: 'most clients',
    unit: 'count',
    better: 'higher',
    explain: `largest number of clients ${FOUND}`,
    derive: ({ probes }) => probes['highest.clients'],
  },
} as const satisfies Record<string, Metric>;
