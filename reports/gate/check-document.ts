/** What `check --json` prints, as a schema that is published: what the gate decided, and what became of it. */
import { z } from 'zod';
import type { GateRecord } from '../../core/records/gate.ts';
import { gateRecordSchema } from '../../core/records/gate.ts';

export const checkDocumentSchema = z.object({
  schema: z.literal(1),
  kind: z.literal('check'),
  scenario: z.string(),
  exitCode: z.number().int().nonnegative(),
  ...gateRecordSchema.shape,
  /** From which everything can be redone; left out where nothing was run. */
  runFile: z.string().optional(),
});

export type CheckDocument = z.infer<typeof checkDocumentSchema>;

export function checkDocument(
  scenario: string,
  exitCode: number,
  record: GateRecord,
  runFile: string | undefined,
): CheckDocument {
  const where = runFile === undefined ? {} : { runFile };
  return { schema: 1, kind: 'check', scenario, exitCode, ...record, ...where };
}
