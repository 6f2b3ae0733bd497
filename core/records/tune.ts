/**
 * What varying the directives of one proxy found, as it is stored: every setting with its samples, what it
 * changed against the stock setting, and what came out of that. It is no run: nothing competes in rounds.
 */
import { z } from 'zod';
import { studySchema } from './study.ts';

export const TUNE_SCHEMA = 1;

const values = z.record(z.string(), z.string());

/**
 * `stock`: what all others are held against; `change`: stock but for `set`; `together`: stock with all that
 * helped; `recommended`: the preset of that name.
 */
const settingKinds = ['stock', 'change', 'together', 'recommended'] as const;

const settingSchema = z.object({
  name: z.string(),
  kind: z.enum(settingKinds),
  /** What differs from stock; '' takes a directive out. */
  set: values,
  /** What is generally said of this, and the figures that would show it; left out where nothing is. */
  folklore: z.object({ says: z.string(), figures: z.array(z.string()) }).optional(),
  /** What one pays for it, as far as it is not measured. */
  cost: z.string().optional(),
  /** Whether it can be part of the outcome; others are tried to see what a line of stock is good for. */
  isCandidate: z.boolean(),
});

const effectVerdicts = ['better', 'worse', 'same', 'unclear'] as const;

const effectSchema = z.object({
  setting: z.string(),
  transport: z.enum(['sse', 'ws']),
  figure: z.string(),
  /** Medians over the repeats. */
  stock: z.number(),
  changed: z.number(),
  /** Of the paired differences, 95 %, and 99 % where noise is all there is; left out with a single repeat. */
  low: z.number().optional(),
  high: z.number().optional(),
  verdict: z.enum(effectVerdicts),
  /** The same as a sentence. */
  says: z.string(),
});

/**
 * `harms`: something that decides got worse; `costs`: something else did, and nothing that decides got better;
 * `trade`: it did.
 */
export const outcomes = ['helps', 'harms', 'trade', 'costs', 'nothing'] as const;

export const tuneSchema = z.object({
  schema: z.literal(TUNE_SCHEMA),
  id: z.string(),
  command: z.string(),
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  state: z.enum(['running', 'finished', 'aborted']),
  tool: studySchema.shape.tool,
  environment: studySchema.shape.environment,
  proxy: z.string(),
  title: z.string(),
  version: z.string(),
  repeats: z.int().positive(),
  /** How long was waited for a cut, ms. */
  maxMs: z.number(),
  transports: studySchema.shape.transports,
  /** By directive: the proxy's own default. */
  defaults: values,
  /** The stock preset. */
  stock: values,
  /** The preset that is recommended. */
  recommended: values,
  /** Time-outs that hold in stock, and the shorter ones that were measured in their place. */
  standIns: z.array(z.object({ directive: z.string(), holds: z.string(), measured: z.string() })),
  settings: z.array(settingSchema),
  /** `route` is the name of the setting. */
  cells: studySchema.shape.cells,
  effects: z.array(effectSchema),
  outcomes: z.array(z.object({ setting: z.string(), outcome: z.enum(outcomes), says: z.string() })),
  /** What comes out, as differences from stock. */
  chosen: values,
  /** The configuration that comes out, with placeholders and without comments. */
  config: z.string(),
  /** The line of a directive in it. */
  lines: values,
  skipped: z.array(z.object({ what: z.string(), says: z.string() })),
});

export type Tune = z.infer<typeof tuneSchema>;
export type TuneSetting = z.infer<typeof settingSchema>;
export type Effect = z.infer<typeof effectSchema>;
export type Outcome = (typeof outcomes)[number];
