/** How the server answers requests of a load: with what came, or in parts on a schedule of their own. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import { NS_PER_MS } from '../core/clock.ts';
import type { RequestWork } from '../core/scenario.ts';
import type { AppRequest, RequestHandler } from './application.ts';
import { echo, RawJson } from './application.ts';

/** @param payloadBytes size of the text in each part, where the work names none */
export function handlerOf(work: RequestWork, payloadBytes: number, clock: Clock): RequestHandler {
  if (work.kind === 'echo') return echo;
  const { bytes = payloadBytes } = work;
  const text = 'token '.repeat(Math.ceil(bytes / 6)).slice(0, bytes);
  return (request) => parts(request, work.parts, work.gapMs, text, clock);
}

/** Part n is due n gaps after the request, however late the one before it was. */
async function* parts(
  { signal, text: sent }: AppRequest,
  count: number,
  gapMs: number,
  text: string,
  clock: Clock,
): AsyncGenerator<string, unknown> {
  const startedAt = clock();
  for (let part = 0; part < count && !signal.aborted; part += 1) {
    const leftMs = part * gapMs - (clock() - startedAt) / NS_PER_MS;
    if (leftMs > 0) await pause(leftMs);
    yield text;
  }
  return new RawJson(sent);
}
