/**
 * A study of paths as it is stored: cells of measure, route and transport, each with the samples of its
 * repeats and with what they say. It is no run: nothing in it is compared in rounds.
 */
import { z } from 'zod';
import { environmentSchema } from '../result.ts';
import { routeRecordSchema } from './route.ts';

export const STUDY_SCHEMA = 1;

/** `plain`: there is nothing good or bad about it. */
const gradeSchema = z.enum(['good', 'fair', 'bad', 'plain']);

const sampleSchema = z.object({
  /** Counts from 0. */
  repeat: z.int().nonnegative(),
  /** ms, bytes and counts, as their names say; what was not seen is left out. */
  figures: z.record(z.string(), z.number()),
  /** What is told in words, such as how a connection ended. */
  facts: z.record(z.string(), z.string()),
  /** Why nothing could be measured; left out where it could. */
  problem: z.string().optional(),
});

const judgementSchema = z.object({
  /** In a table. */
  text: z.string(),
  grade: gradeSchema,
  /** A sentence or two. */
  says: z.string(),
  /** How the repeats differ, where they do so too much; left out where they agree. */
  disagree: z.string().optional(),
});

const cellSchema = z.object({
  measure: z.string(),
  route: z.string(),
  transport: z.enum(['sse', 'ws']),
  samples: z.array(sampleSchema),
  /** Of the samples so far. */
  judgement: judgementSchema.optional(),
});

export const studySchema = z.object({
  schema: z.literal(STUDY_SCHEMA),
  study: z.enum(['proxies', 'keepalive']),
  /** Begins with the time. */
  id: z.string(),
  /** The command that does this again. */
  command: z.string(),
  /** Options as they were given, for whoever takes it up again. */
  given: z.record(z.string(), z.string()),
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  state: z.enum(['running', 'finished', 'aborted']),
  tool: z.object({ version: z.string(), commit: z.string().optional() }),
  environment: environmentSchema,
  repeats: z.int().positive(),
  /** The measures in the order of the table. */
  measures: z.array(z.object({ name: z.string(), title: z.string(), question: z.string() })),
  /** Names, in the order of the table; the direct route among them. */
  routes: z.array(z.string()),
  transports: z.array(z.enum(['sse', 'ws'])),
  /** Of every route but the direct one. */
  records: z.array(routeRecordSchema),
  /** What was asked for and cannot be measured. */
  skipped: z.array(z.object({ what: z.string(), says: z.string() })),
  cells: z.array(cellSchema),
  /** What to do about it, a sentence each. */
  advice: z.array(z.string()),
});

export type Grade = z.infer<typeof gradeSchema>;
export type Sample = z.infer<typeof sampleSchema>;
export type Judgement = z.infer<typeof judgementSchema>;
export type Cell = z.infer<typeof cellSchema>;
export type Study = z.infer<typeof studySchema>;
