/** The scenarios, by name. To add one: a file beside this one, and a line here. */
import type { Scenario } from '../core/scenario.ts';
import { approvals } from './approvals.ts';
import { ask } from './ask.ts';
import { broadcast } from './broadcast.ts';
import { chat } from './chat.ts';
import { collab } from './collab.ts';
import { dashboard } from './dashboard.ts';
import { duplex } from './duplex.ts';
import { llmTokens } from './llm-tokens.ts';
import { logs } from './logs.ts';
import { notifications } from './notifications.ts';
import { progress } from './progress.ts';
import { remoteExec } from './remote-exec.ts';
import { request } from './request.ts';
import { sampling } from './sampling.ts';
import { ticker } from './ticker.ts';

export const scenarios = {
  broadcast,
  request,
  ask,
  duplex,
  chat,
  dashboard,
  ticker,
  'remote-exec': remoteExec,
  'llm-tokens': llmTokens,
  approvals,
  logs,
  progress,
  notifications,
  collab,
  sampling,
} satisfies Record<string, Scenario>;
