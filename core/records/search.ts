/** What a search for a limit came to, as it is stored in the run file. */
import { z } from 'zod';
import { searchEnds } from '../search.ts';

const count = z.number().int().nonnegative();

/** What kept a load from passing. */
export const stopCauses = [
  /** The objective was not met, and the core of the server was as good as busy. */
  'server',
  /** The objective was not met, and neither side had run out of CPU. */
  'objective',
  /** The objective was not met, and the path carried as much as it can. */
  'network',
  /** The objective was not met, and the proxy on the path was as good as busy. */
  'proxy',
  /** Connections could not be made, or were lost. */
  'connections',
  /** The generator was at its limit, so the server's is not known. */
  'generator',
  /** The machine was busy with something else, every time. */
  'machine',
  /** No more files can be opened, or no more local ports are left. */
  'descriptors',
  'ports',
  /** The machine has no memory for more connections. */
  'memory',
  /** The highest load that was asked for has passed. */
  'asked',
  /** The run ended before the search did. */
  'unfinished',
] as const;
export type StopCause = (typeof stopCauses)[number];

const stopSchema = z.object({
  cause: z.enum(stopCauses),
  /** Of an objective that was not met; the value is left out where it was not measured. */
  metric: z.string().optional(),
  value: z.number().optional(),
  limit: z.number().optional(),
  /** One clause, without a full stop. */
  says: z.string(),
});
export type Stop = z.infer<typeof stopSchema>;

const stepSchema = z.object({
  load: z.number(),
  outcome: z.enum(['pass', 'fail', 'limited']),
  /** Why it did not pass, or what else there is to say of it. */
  stop: stopSchema.optional(),
  /** Its trial: the one of this arm and round with this order and attempt. */
  order: count,
  attempt: count,
});
export type SearchStep = z.infer<typeof stepSchema>;

export const searchRecordSchema = z.object({
  arm: z.string(),
  round: count,
  /** Values of the swept parameters, without the one that was searched. */
  point: z.record(z.string(), z.union([z.number(), z.string()])),
  /** The parameter that was searched, and in what unit it is. */
  searched: z.string(),
  unit: z.enum(['/s', 'count']),
  objective: z.string(),
  from: z.number(),
  to: z.number(),
  /** How far apart the last pass and the first fail may be, as a share. */
  resolution: z.number(),
  /** `unfinished`: it was still under way; then what follows is what it had found by then. */
  end: z.enum([...searchEnds, 'unfinished']),
  lastPass: z.number().optional(),
  firstFail: z.number().optional(),
  /** Whether the last pass passed a second time, at the end. */
  confirmed: z.boolean(),
  /** What it was that stopped it. */
  stop: stopSchema,
  steps: z.array(stepSchema),
});

export type SearchRecord = z.infer<typeof searchRecordSchema>;
