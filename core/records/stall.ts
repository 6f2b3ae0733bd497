/** What clients that stopped reading did to the server and to the others, as it is stored in the run file. */
import { z } from 'zod';

const count = z.number().int().nonnegative();

export const stallRecordSchema = z.object({
  /** Clients that stopped reading. */
  stalled: count,
});

export type StallRecord = z.infer<typeof stallRecordSchema>;
