/** What a fault in the middle of a load did, as it is stored in the run file. */
import { z } from 'zod';

const count = z.number().int().nonnegative();
/** HdrHistogram V2, compressed, base64. */
const histogram = z.string();

export const faultRecordSchema = z.object({
  cut: z.string(),
  strategy: z.string(),
  resume: z.boolean(),
  /** Clients it was meant to hit. */
  planned: count,
  /** What the injector itself says that it did: outside the code under test, and looked up afterwards. */
  confirmed: z.object({ by: z.string(), count, atMs: z.number() }),
  /** When the path, or the server, was there again, ms after the start of the load. */
  mendedAtMs: z.number().optional(),
  /** Connections whose end a client noticed, the second end of one client included. */
  noticed: count,
  /** Clients that noticed an end before the fault, which then was not what they noticed. */
  early: count.optional(),
  /** Clients that were not back at the end. */
  away: count,
  /** Fault → noticed by the client, µs. */
  detected: histogram,
  /** Fault → connected again, and → first delivery after that, µs. */
  back: histogram,
  firstMessage: histogram,
  /** End of a connection, as the client noticed it → connected again, of every return, µs. */
  outage: histogram.optional(),
  handshake: histogram,
  attempts: count,
  refused: count,
  refusals: z.array(z.object({ cause: z.string(), count })),
  gaps: count,
  /** Messages that the server wrote again. */
  replayed: count.optional(),
  /** Of clients that are not given what they missed: deliveries due while they were away, and those that never came. */
  loss: z.object({ predicted: count, found: count }).optional(),
  /** Per 100 ms of the load. */
  timeline: z.array(
    z.object({
      ms: z.number(),
      /** At the end of the step. */
      connected: count,
      attempts: count,
      refused: count,
      /** Deliveries due in this step that never came; only where every message was kept. */
      missing: count.optional(),
      /** Share of one core; only where it could be read. */
      serverCpu: z.number().optional(),
    }),
  ),
});

export type FaultRecord = z.infer<typeof faultRecordSchema>;
