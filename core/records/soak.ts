/** What was looked at all through a long load, as it is stored in the run file. */
import { z } from 'zod';

export const soakRecordSchema = z.object({
  samples: z.array(z.object({ second: z.number() })),
});

export type SoakRecord = z.infer<typeof soakRecordSchema>;
