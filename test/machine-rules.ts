/** The rules of validity that a busy machine can break by itself, which is not what most tests are about. */
export const OF_THE_MACHINE: ReadonlySet<string> = new Set([
  'send-lateness',
  'timer',
  'generator-loop',
  'generator-probe',
  'generator-gc',
  'generator-queue',
  'server-queue',
  'steal',
  'pressure',
  'steady',
  'head-room',
]);
