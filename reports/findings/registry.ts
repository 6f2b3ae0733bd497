/** The findings, by what they are about. To add one: a file beside this one, and a line here. */
import type { RunResult } from '../../core/result.ts';
import { backpressureFinding } from './backpressure.ts';
import { capacityFinding } from './capacity.ts';
import type { Finding } from './finding.ts';
import { heartbeatFinding } from './heartbeat.ts';
import { idleFinding } from './idle.ts';
import { reconnectFinding } from './reconnect.ts';
import { restartFinding } from './restart.ts';
import { sizesFinding } from './sizes.ts';
import { soakFinding } from './soak.ts';

const findings: Readonly<Record<string, Finding>> = {
  capacity: capacityFinding,
  sizes: sizesFinding,
  backpressure: backpressureFinding,
  reconnect: reconnectFinding,
  restart: restartFinding,
  heartbeat: heartbeatFinding,
  idle: idleFinding,
  soak: soakFinding,
};

/** Those that a run has something to say about. */
export function findingsOf(run: RunResult): readonly Finding[] {
  return Object.values(findings).filter((finding) => finding.applies(run));
}

/** What they answer, in sentences. */
export function answersOf(run: RunResult): string[] {
  return findingsOf(run).flatMap((finding) => finding.answer(run));
}
