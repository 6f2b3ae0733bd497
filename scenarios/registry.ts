/** The scenarios, by name. To add one: a file beside this one, and a line here. */
import type { Scenario } from '../core/scenario.ts';
import { approvals } from './approvals.ts';
import { ask } from './ask.ts';
import { backpressure } from './backpressure.ts';
import { broadcast } from './broadcast.ts';
import { capacity } from './capacity.ts';
import { chat } from './chat.ts';
import { collab } from './collab.ts';
import { dashboard } from './dashboard.ts';
import { duplex } from './duplex.ts';
import { heartbeat } from './heartbeat.ts';
import { idle } from './idle.ts';
import { llmTokens } from './llm-tokens.ts';
import { logs } from './logs.ts';
import { notifications } from './notifications.ts';
import { progress } from './progress.ts';
import { reconnect } from './reconnect.ts';
import { remoteExec } from './remote-exec.ts';
import { request } from './request.ts';
import { restart } from './restart.ts';
import { sampling } from './sampling.ts';
import { sizes } from './sizes.ts';
import { soak } from './soak.ts';
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
  capacity,
  sizes,
  backpressure,
  reconnect,
  restart,
  heartbeat,
  idle,
  soak,
} satisfies Record<string, Scenario>;
