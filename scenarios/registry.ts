/** The scenarios, by name. To add one: a file beside this one, and a line here. */
import type { Scenario } from '../core/scenario.ts';
import { ask } from './ask.ts';
import { broadcast } from './broadcast.ts';
import { duplex } from './duplex.ts';
import { request } from './request.ts';

export const scenarios = {
  broadcast,
  request,
  ask,
  duplex,
} satisfies Record<string, Scenario>;
