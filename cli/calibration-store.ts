/** Error rates of the gate that were measured on this machine, kept beside the runs. */
import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { GateRatesRecord } from '../core/records/gate.ts';
import { gateRecordSchema } from '../core/records/gate.ts';
import { writeWhole } from '../reports/run-file.ts';

const storeSchema = z.record(z.string(), gateRecordSchema.shape.calibration);

/** What rates are the rates of: they say nothing about another machine, load or family of metrics. */
export interface CalibrationKey {
  readonly fingerprint: string;
  readonly scenario: string;
  readonly params: Readonly<Record<string, number | string>>;
  readonly rules: readonly { readonly metric: string; readonly margin: number }[];
  readonly rounds: number;
}

export interface CalibrationStore {
  find(key: CalibrationKey): readonly GateRatesRecord[];
  /** In place of earlier rates for the same injected faults. */
  keep(key: CalibrationKey, rates: GateRatesRecord): void;
}

export function openCalibrations(path: string): CalibrationStore {
  const known = read(path);
  return {
    find: (key) => known[nameOf(key)] ?? [],
    keep(key, rates) {
      const others = (known[nameOf(key)] ?? []).filter(({ inject }) => inject !== rates.inject);
      known[nameOf(key)] = [...others, rates];
      writeWhole(path, `${JSON.stringify(known, undefined, 2)}\n`);
    },
  };
}

function nameOf({ fingerprint, scenario, params, rules, rounds }: CalibrationKey): string {
  const load = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  const looks = rules.map(({ metric, margin }) => `${metric}:${margin}`);
  return [fingerprint, scenario, ...load, ...looks, `rounds=${rounds}`].join(' ');
}

function read(path: string): z.infer<typeof storeSchema> {
  try {
    return storeSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Nothing has been measured yet, or by another version: then there is nothing to quote.
    return {};
  }
}
