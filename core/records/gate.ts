/** What a gate decided and by what, as it is stored in the run file and printed by `check --json`. */
import { z } from 'zod';
import { batchKinds, findingStates } from '../gate.ts';

const count = z.number().int().nonnegative();

const findingSchema = z.object({
  /** With the arm it is of: `sse.latency.p99`. */
  metric: z.string(),
  title: z.string(),
  unit: z.string(),
  /** 0 where nothing may get worse at all. */
  margin: z.number(),
  state: z.enum(findingStates),
  rounds: count,
  head: z.number().optional(),
  base: z.number().optional(),
  /** head / base, with its 95 % interval; left out where a difference is judged. */
  ratio: z.number().optional(),
  low: z.number().optional(),
  high: z.number().optional(),
  /** Corrected for all metrics of the gate. */
  p: z.number().optional(),
  /** One sentence. */
  says: z.string(),
});

const assertionSchema = z.object({
  /** As it was written. */
  text: z.string(),
  arm: z.string(),
  metric: z.string(),
  state: z.enum(['kept', 'broken', 'unclear', 'no-data']),
  value: z.number().optional(),
  low: z.number().optional(),
  high: z.number().optional(),
  says: z.string(),
});

/** Error rates of the whole rule, by resampling rounds that were measured on this machine. */
const ratesSchema = z.object({
  /** What was injected into head; left out where head and base were the same. */
  inject: z.string().optional(),
  pool: count,
  gates: count,
  regressed: z.number(),
  unclear: z.number(),
  byMetric: z.record(z.string(), z.number()),
  measuredAt: z.string(),
});

const sideSchema = z.object({
  /** As it was asked for: a git reference, a file, a target. */
  name: z.string(),
  commit: z.string().optional(),
  /** Of what the server is made of. */
  hash: z.string().optional(),
});

export const gateRecordSchema = z.object({
  head: sideSchema,
  /** Left out where only limits were asked about. */
  base: sideSchema.optional(),
  outcome: z.enum(['passed', 'unclear', 'regressed', 'broken', 'no-data', 'same-build']),
  says: z.string(),
  batches: z.array(z.object({ kind: z.enum(batchKinds), firstRound: count, rounds: count })),
  findings: z.array(findingSchema),
  assertions: z.array(assertionSchema),
  calibration: z.array(ratesSchema),
});

export type GateRecord = z.infer<typeof gateRecordSchema>;
export type GateFindingRecord = z.infer<typeof findingSchema>;
export type AssertionRecord = z.infer<typeof assertionSchema>;
export type GateRatesRecord = z.infer<typeof ratesSchema>;
