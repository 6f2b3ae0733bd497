/** What clients that stopped reading did to the server and to the others, as it is stored in the run file. */
import { z } from 'zod';

const count = z.number().int().nonnegative();
/** HdrHistogram V2, compressed, base64. */
const histogram = z.string();

/** Deliveries to clients that read all the time, and due → received of those that came, µs. */
const healthySchema = z.object({ expected: count, received: count, due: histogram });

export const stallRecordSchema = z.object({
  policy: z.string(),
  /** A session with more than this buffered is slow. */
  limitBytes: count,
  /** Clients that were to stop reading, and those that did; 0 in an arm in which nobody does. */
  planned: count,
  stalled: count,
  /** What each still read meanwhile, bytes per second. */
  readBytesPerS: z.number(),
  /** When they stopped and read again, ms after the start of the load. */
  fromMs: z.number(),
  untilMs: z.number(),
  /** Messages that came to those who had stopped, beyond what they were to read. */
  readOn: count,
  /** Payload that was due to each of them meanwhile. */
  offeredBytes: count,
  healthy: z.object({
    clients: count,
    /** Due while the others had stopped, and due after that. */
    during: healthySchema,
    after: healthySchema,
  }),
  /**
   * Where all that was offered to one client that had stopped was, on average: at the last look before they
   * read again, or before the first of them was sent away. Payload; undefined where nobody had stopped.
   */
  held: z
    .object({
      ms: z.number(),
      /** Published since it had last read. */
      offeredBytes: z.number(),
      /** In user space of the server, framing included. */
      bufferedBytes: z.number(),
      droppedBytes: z.number(),
      /** The rest, which only the kernel can hold: the send buffer of one end, and the receive buffer of the other. */
      kernelBytes: z.number(),
    })
    .optional(),
  /**
   * Resident set of the server, and socket memory of the machine: before, at the end, and the most in between.
   * The end is the last look before they read again, or before the first of them was sent away and what was
   * held for it was let go.
   */
  memory: z
    .object({
      rssBefore: count,
      rssEnd: count,
      rssMost: count,
      socketsBefore: count.optional(),
      socketsEnd: count.optional(),
    })
    .optional(),
  /** Every delivery of the phase, by what both ends say of it. */
  accounts: z.object({
    expected: count,
    received: count,
    /** Written to a connection by the server, and left out by it. */
    written: count,
    dropped: count,
    /** Written to connections that ended, and never received. */
    inFlight: count,
    /** Published when the connection had ended. */
    missed: count,
    /** Deliveries of which the two ends say different things; undefined where that cannot be told. */
    disagreement: count.optional(),
  }),
  /**
   * Of those that had stopped: those whose connection ended, and those of them that were sent away because they
   * were slow. Left out by older versions.
   */
  closed: count.optional(),
  evicted: count.optional(),
  /** When the server sent somebody away because of that, whoever it was: time after the stop, ms; a sample of the first thousand. */
  evictedMs: z.array(z.number()),
  /** Those who read all the time and lost their connection. */
  othersClosed: count,
  /** From the moment they read again. */
  recovery: z.object({
    /** Until a message came that was due after that moment, so that nothing older was left, µs. */
    caughtUp: histogram,
    /** Clients that still had a connection and never got there. */
    behind: count,
    /** Messages due before that came after it, and how old they were, µs. */
    stale: histogram,
  }),
  /** Per 100 ms of the load. */
  timeline: z.array(
    z.object({
      ms: z.number(),
      /** At the end of the step. */
      rssBytes: count.optional(),
      bufferedBytes: count.optional(),
      dropped: count.optional(),
      /** due → received, µs, of what was due to healthy clients in the step. */
      p50: z.number().optional(),
      p99: z.number().optional(),
    }),
  ),
});

export type StallRecord = z.infer<typeof stallRecordSchema>;
