/** How clients that were cut off come back, and how long stragglers are waited for. */
import type { Params } from '../../core/params.ts';
import { deadline } from './load.ts';

/** Messages kept for those who come back: more than are published in a trial of the default length. */
export const KEPT = 10_000;

/** @param help what the wait is, before it grows */
export const retry = (help: string) =>
  ({ type: 'durationMs', default: 1_000, min: 1, max: 600_000, help }) as const;

export const cap = {
  type: 'durationMs',
  default: 5_000,
  min: 1,
  max: 600_000,
  help: 'the longest that any wait may become',
} as const satisfies Params[string];

export const resume = {
  type: 'choice',
  choices: ['on', 'off'],
  default: 'on',
  help: 'whether clients say what they saw last and are given what they missed; off is at most once',
} as const satisfies Params[string];

/** What was missed comes late, and is no loss for it. */
export const patientDeadline = {
  ...deadline,
  default: 15_000,
  max: 600_000,
  help: 'a delivery later than this after its due time counts as late; so long, stragglers are waited for',
} as const satisfies Params[string];
