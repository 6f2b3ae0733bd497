/**
 * Units as other programs expect them: seconds, bytes and ratios, whatever the run file counts in. One
 * place for the factor, the suffix of a Prometheus name, and the unit by UCUM, which OTLP uses.
 */
import type { Unit } from '../metric.ts';

export interface BaseUnit {
  /** So many of the run file's units make one of these. */
  readonly per: number;
  /** At the end of a Prometheus name; empty for plain counts. */
  readonly suffix: string;
  readonly ucum: string;
}

export const baseUnits: Readonly<Record<Unit, BaseUnit>> = {
  us: { per: 1e6, suffix: '_seconds', ucum: 's' },
  ns: { per: 1e9, suffix: '_seconds', ucum: 's' },
  B: { per: 1, suffix: '_bytes', ucum: 'By' },
  'B/s': { per: 1, suffix: '_bytes_per_second', ucum: 'By/s' },
  '/s': { per: 1, suffix: '_per_second', ucum: '1/s' },
  share: { per: 1, suffix: '_ratio', ucum: '1' },
  change: { per: 1, suffix: '_change_ratio', ucum: '1' },
  core: { per: 1, suffix: '_cores', ucum: '{core}' },
  count: { per: 1, suffix: '', ucum: '1' },
};
