/** Generator ceilings that were measured before on this machine, kept beside the runs. */
import { readFileSync } from 'node:fs';
import type { CeilingCache } from '../loadgen/one-trial.ts';
import { writeWhole } from '../reports/run-file.ts';

export function createCeilingCache(
  path: string,
  fingerprint: string,
  workers: number,
  version: string,
): CeilingCache {
  const known = read(path);
  const keyOf: (...args: Parameters<CeilingCache['get']>) => string = (arm, load) =>
    [
      fingerprint,
      version,
      arm.transport,
      arm.client,
      load.clients,
      load.payloadBytes,
      workers,
    ].join(' ');
  return {
    get: (arm, load) => known[keyOf(arm, load)],
    set(arm, load, ceiling) {
      known[keyOf(arm, load)] = Math.round(ceiling);
      writeWhole(path, `${JSON.stringify(known, undefined, 2)}\n`);
    },
  };
}

function read(path: string): Record<string, number> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, number>;
  } catch {
    // A first run, or a file that was cut short: what is not known is measured again.
    return {};
  }
}
