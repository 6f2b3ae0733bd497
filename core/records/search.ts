/** What a search for a limit came to, as it is stored in the run file. */
import { z } from 'zod';

export const searchRecordSchema = z.object({
  arm: z.string(),
});

export type SearchRecord = z.infer<typeof searchRecordSchema>;
