/** The parameters of a scenario as a schema, for those that somebody else wrote. */
import { z } from 'zod';
import type { Param } from './params.ts';

const help = z.string().min(1, 'it is empty, and --help shows it');

const numeric = z
  .strictObject({
    type: z.enum(['count', 'ratePerS', 'sizeBytes', 'durationMs', 'share']),
    default: z.number(),
    min: z.number(),
    max: z.number(),
    help,
  })
  .refine(({ min, max }) => min <= max, { path: ['min'], error: 'it is above max' })
  .refine(({ default: preset, min, max }) => preset >= min && preset <= max, {
    path: ['default'],
    error: 'it is not between min and max',
  });

const choice = z
  .strictObject({
    type: z.literal('choice'),
    choices: z.array(z.string().min(1, 'a choice is empty')).min(1, 'there is none').readonly(),
    default: z.string(),
    help,
  })
  .refine(({ default: preset, choices }) => choices.includes(preset), {
    path: ['default'],
    error: 'it is not one of the choices',
  });

const text = z.strictObject({
  type: z.literal('text'),
  placeholder: z.string().min(1, 'it is empty, and --help shows it'),
  default: z.string(),
  help,
});

export const paramSchema = z.discriminatedUnion('type', [numeric, choice, text], {
  error: ({ code }) =>
    code === 'invalid_union'
      ? "it has to be 'count', 'ratePerS', 'sizeBytes', 'durationMs', 'share', 'choice' or 'text'"
      : undefined,
}) satisfies z.ZodType<Param>;

/** That `satisfies` finds what the schema allows too much; this finds what it lacks. */
true satisfies [Param] extends [z.infer<typeof paramSchema>] ? true : never;
