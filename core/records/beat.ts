/** What finding silent peers took, and what it cost while nothing was wrong, as it is stored in the run file. */
import { z } from 'zod';

const count = z.number().int().nonnegative();
/** Fault → noticed, µs: HdrHistogram V2, compressed, base64. */
const histogram = z.string();

export const beatRecordSchema = z.object({
  /** What the server was told; 0: none of it. */
  heartbeatMs: z.number(),
  pongTimeoutMs: z.number(),
  keepAliveMs: z.number(),
  /** After how much silence clients took their connection for dead; 0: never. */
  silenceMs: z.number(),
  connections: count,
  /** Two windows with everybody connected and nothing wrong: without heartbeats, and with them. */
  quiet: z.object({ wallNs: z.number(), serverNs: z.number(), bytes: count }),
  beating: z.object({
    wallNs: z.number(),
    serverNs: z.number(),
    /** Both directions, with all headers, as the kernel of the server's end counts them. */
    bytes: count,
    /** Heartbeats that the server sent. */
    beats: count,
  }),
  /** Clients that were to be cut off, and those of which the kernel says so. */
  planned: count,
  confirmed: z.object({ by: z.string(), count }),
  /** How long it was waited for somebody to notice. */
  watchedMs: z.number(),
  server: z.object({ found: count, times: histogram }),
  client: z.object({ found: count, times: histogram }),
  /** Connections that ended although nothing was wrong with them. */
  falseAlarms: count,
});

export type BeatRecord = z.infer<typeof beatRecordSchema>;
