/** What is known of a trial, where all is well. */
import type { Evidence } from '../loadgen/validity.ts';

/** A trial that nothing can be said against. */
export const sound: Evidence = {
  probes: {
    planned: 1_000,
    sent: 1_000,
    slipP50Us: 50,
    slipP99Us: 500,
    generatorUtilization: 0.3,
    generatorProbeP99Us: 1_000,
    generatorGcLongestMs: 1,
    generatorWaitShare: 0.001,
    serverMainWaitNs: 1,
    serverMainCpuNs: 1_000,
    stealShare: 0,
    pressureShare: 0.1,
  },
  flow: 'delivery',
  toEverybody: true,
  generatorSends: true,
  latencyP50: 1_000,
  latencyP99: 5_000,
  failedConnects: 0,
  clients: 100,
  closedEarly: 0,
  beforeDue: 0,
  foreign: 0,
  series: Array.from({ length: 100 }, (_, i) => 1_000 + (i % 3)),
  headRoom: 5,
};
