/**
 * What was looked at all through a long load, as it is stored in the run file; and the line per look that
 * is written to disk at once, so that a run that is killed leaves them behind.
 */
import { z } from 'zod';

const count = z.number().int().nonnegative();
const bytes = z.number().nonnegative();

/** One process; of several, the sum. Of a server of somebody else's only what can be seen from outside is there. */
const soakProcessSchema = z.object({
  rssBytes: bytes.optional(),
  heapUsedBytes: bytes.optional(),
  /** Buffers outside the heap that belong to objects in it. */
  externalBytes: bytes.optional(),
  /** Open files and sockets; left out where there is no /proc. */
  descriptors: count.optional(),
  /** Timers, and everything else (sockets, servers, pipes), that keep the process alive. */
  timers: count.optional(),
  handles: count.optional(),
});

const soakSampleSchema = z.object({
  /** Since the start of the load. */
  atMs: z.number(),
  /** Deliveries since the start of the load. */
  received: count,
  server: soakProcessSchema,
  generator: soakProcessSchema,
  /** due → received of what came since the last look, µs: HdrHistogram V2 in base64; left out: nothing came. */
  due: z.string().optional(),
  /** Percentiles of it, µs: to decode all looks of a day takes minutes. Left out by older versions. */
  dueP50: z.number().optional(),
  dueP99: z.number().optional(),
});

export const soakRecordSchema = z.object({
  intervalMs: z.number(),
  /** Messages per second that the server was to publish, and to how many. */
  ratePerS: z.number(),
  clients: count,
  /** Live memory of the server: after a forced collection, before the load and after it. */
  liveBytes: z.object({ before: bytes, after: bytes }).optional(),
  samples: z.array(soakSampleSchema),
});

/** One line of `soak.jsonl`: whose sample it is, and the sample. */
export const snapshotSchema = z.object({
  arm: z.string(),
  round: count,
  order: count,
  attempt: count,
  point: z.record(z.string(), z.union([z.number(), z.string()])),
  startedAt: z.string(),
  intervalMs: z.number(),
  ratePerS: z.number(),
  clients: count,
  sample: soakSampleSchema,
});

export type SoakProcess = z.infer<typeof soakProcessSchema>;
export type SoakSample = z.infer<typeof soakSampleSchema>;
export type SoakRecord = z.infer<typeof soakRecordSchema>;
export type Snapshot = z.infer<typeof snapshotSchema>;
