/**
 * What `compare --json` prints, as a schema that is published. The compiler holds it against the type
 * that the comparison is made of, so neither can change alone.
 */
import { z } from 'zod';
import { unitTypes } from '../../core/params.ts';
import { validityStates, verdicts } from '../../core/result.ts';
import type { RunsComparison } from './runs-comparison.ts';

const count = z.number().int().nonnegative();
const point = z.record(z.string(), z.union([z.number(), z.string()]));

const runSchema = z.object({
  /** By which everything else names the run: A for the first. */
  letter: z.string(),
  id: z.string(),
  startedAt: z.string(),
  state: z.enum(['running', 'finished', 'aborted']),
  version: z.string(),
  commit: z.string().optional(),
  fingerprint: z.string(),
  command: z.string(),
  validity: z.object({
    state: z.enum(validityStates),
    counts: z.object({ valid: count, suspect: count, invalid: count, excluded: count }),
  }),
  verdict: z.string(),
});

const settingSchema = z.object({
  group: z.enum(['load', 'method', 'tool', 'machine']),
  name: z.string(),
  values: z.array(z.string()),
});

const changeSchema = z.object({
  metric: z.string(),
  arm: z.string(),
  point,
  run: z.string(),
  against: z.string(),
  /** In the unit of the metric, as in run files. */
  value: z.number().optional(),
  valueAgainst: z.number().optional(),
  /** run / against, with its 95 % interval. */
  ratio: z.number().optional(),
  low: z.number().optional(),
  high: z.number().optional(),
  trials: count,
  trialsAgainst: count,
  detectable: z.number().optional(),
  verdict: z.enum(verdicts),
  headline: z.boolean(),
  says: z.string(),
});

export const comparisonDocumentSchema = z.object({
  schema: z.literal(1),
  kind: z.literal('comparison'),
  scenario: z.string(),
  question: z.string(),
  margin: z.number(),
  machines: z.array(z.string()),
  anyway: z.boolean(),
  runs: z.array(runSchema),
  settings: z.object({ shared: z.array(settingSchema), different: z.array(settingSchema) }),
  cautions: z.array(z.string()),
  arms: z.array(
    z.object({
      name: z.string(),
      title: z.string(),
      role: z.enum(['candidate', 'floor']),
      runs: z.array(z.string()),
    }),
  ),
  points: z.array(point),
  paramTypes: z.record(z.string(), z.enum(unitTypes)).optional(),
  changes: z.array(changeSchema),
});

type Document = z.infer<typeof comparisonDocumentSchema>;

/** With the arrays as they are built, and metric ids as plain text. */
type Printed<T> = T extends readonly (infer Item)[]
  ? readonly Printed<Item>[]
  : T extends string | number | boolean | undefined
    ? T extends string
      ? string
      : T
    : { readonly [Key in keyof T as undefined extends T[Key] ? never : Key]: Printed<T[Key]> } & {
        readonly [Key in keyof T as undefined extends T[Key] ? Key : never]?: Printed<T[Key]>;
      };

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : never) : never;
/** An error here: a field of the comparison is not in the schema above, or the other way round. */
true satisfies Same<Printed<Document>, Printed<RunsComparison>>;
