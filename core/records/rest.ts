/** Memory and CPU of a crowd that does nothing, step by step, as it is stored in the run file. */
import { z } from 'zod';

const count = z.number().int().nonnegative();

export const restRecordSchema = z.object({
  steps: z.array(z.object({ connections: count })),
});

export type RestRecord = z.infer<typeof restRecordSchema>;
