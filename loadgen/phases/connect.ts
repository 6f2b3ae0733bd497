/** Opens the connections of a trial, shared out over the workers. */

import type { HistoryOrder } from '../../core/control.ts';
import { decodeHistogram, mergeHistograms } from '../../core/histogram.ts';
import type { ConnectPhase } from '../../core/scenario.ts';
import { TrialFailure } from '../child-process.ts';
import type { TrialContext } from '../trial-context.ts';

/** Connections being opened at one time, over all workers. */
const CONCURRENCY = 256;

export async function connect(phase: ConnectPhase, context: TrialContext): Promise<void> {
  const { clock, workers } = context;
  const history = await prefill(phase, context);
  const startNs = clock();
  const before = phase.adds === true ? context.connect : undefined;
  const there = before === undefined ? 0 : context.clients;
  const wanted = phase.clients - there;
  const shares = shareOut(wanted, workers.length);
  // Everything may take the time-out of one connection per lane's turn; beyond that a worker hangs.
  const turns = Math.ceil(wanted / CONCURRENCY);
  const patienceMs =
    context.connectTimeoutMs * (1 + Math.min(turns, 10)) + wanted + (history?.deadlineMs ?? 0);
  let firstClient = there;
  const answers = workers.map((worker, index) => {
    const clients = shares[index] ?? 0;
    const answer = worker.next('connected', patienceMs);
    worker.send({
      kind: 'connect',
      endpoint: context.endpoint,
      detours: context.detours,
      clients,
      firstClient,
      totalClients: phase.clients,
      phase,
      adds: phase.adds === true,
      history,
      answer: context.answer,
      concurrency: Math.ceil(CONCURRENCY / workers.length),
      timeoutMs: context.connectTimeoutMs,
    });
    firstClient += clients;
    return answer;
  });
  const connected = await Promise.all(answers);
  const open = connected.reduce((sum, { open }) => sum + open, 0);
  const causes = connected.flatMap(({ failed }) => failed);
  if (open === 0) {
    const [first] = causes;
    throw new TrialFailure(
      `none of ${wanted} clients could connect: ${first?.cause ?? 'no reason given'}`,
    );
  }
  context.clients = phase.clients;
  context.connect = {
    failed: (before?.failed ?? 0) + wanted - open,
    latency: mergeHistograms([
      ...(before === undefined ? [] : [before.latency]),
      ...connected.map(({ latency }) => decodeHistogram(latency)),
    ]),
    causes: [...(before?.causes ?? []), ...causes],
  };
  context.phases.push({
    kind: phase.kind,
    measured: false,
    startNs,
    endNs: clock(),
    says: `${open} of ${wanted} clients connected${there === 0 ? '' : `, beside ${there}`}`,
  });
}

/** Has the server publish what is to be the past. @returns what each client is to get of it */
async function prefill(
  { prefill, history }: ConnectPhase,
  context: TrialContext,
): Promise<HistoryOrder | undefined> {
  if (prefill === undefined || prefill.messages === 0) return undefined;
  const { messages, payloadBytes, deadlineMs } = prefill;
  const { server, setup, nextSeq: firstSeq } = context;
  const prefilled = server.next('prefilled', setup.replyTimeoutMs);
  server.send({ kind: 'prefill', order: { firstSeq, messages, payloadBytes } });
  await prefilled;
  context.nextSeq += messages;
  const count = Math.min(history ?? 0, messages);
  return { firstSeq: firstSeq + messages - count, count, deadlineMs };
}

/** Parts that differ by one at most and add up to `total`: no remainder is dropped. */
export function shareOut(total: number, parts: number): number[] {
  return Array.from(
    { length: parts },
    (_, part) => Math.floor(((part + 1) * total) / parts) - Math.floor((part * total) / parts),
  );
}
