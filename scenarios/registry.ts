/** The scenarios, by name. To add one: a file beside this one, and a line here. */
import type { Scenario } from '../core/scenario.ts';
import { broadcast } from './broadcast.ts';

export const scenarios = {
  broadcast,
} satisfies Record<string, Scenario>;
