/**
 * Looks at both sides again and again while a load goes on: memory, descriptors, timers and what came since
 * the last look. Every look is handed on at once, so that it can be kept before the load is over.
 */
import { NS_PER_MS } from '../core/clock.ts';
import {
  decodeHistogram,
  encodeHistogram,
  mergeHistograms,
  valueAtQuantile,
} from '../core/histogram.ts';
import type { ProcessMemory, ServerMemory } from '../core/process-memory.ts';
import { sumOver } from '../core/process-stat.ts';
import type { SoakProcess, SoakRecord, SoakSample } from '../core/records/soak.ts';
import type { Inspection } from './inspect.ts';
import { inspectAll, inspectServer } from './inspect.ts';
import { readDescriptors } from './procfs.ts';
import type { TrialContext } from './trial-context.ts';

export interface SoakWatch {
  /** Rejects when a look cannot be kept. Never resolves. */
  readonly failure: Promise<never>;
  /** The last look and what is left after a forced collection. */
  finish(): Promise<SoakRecord>;
  stop(): void;
}

export type SoakPlan = Pick<SoakRecord, 'intervalMs' | 'ratePerS' | 'clients'>;

/** Starts looking when the load does; what the server holds before it is looked at here and now. */
export async function watchSoak(
  plan: SoakPlan,
  context: TrialContext,
): Promise<{ start(startNs: number): SoakWatch }> {
  const before = liveBytes(await inspectServer(context));
  return { start: (startNs) => startWatch(plan, before, startNs, context) };
}

function startWatch(
  plan: SoakPlan,
  before: number | undefined,
  startNs: number,
  context: TrialContext,
): SoakWatch {
  const { clock } = context;
  const samples: SoakSample[] = [];
  let fail: (reason: unknown) => void = () => undefined;
  const failure = new Promise<never>((_, reject) => {
    fail = reject;
  });
  // Without a load to wait with it, nobody listens; and nobody has to.
  failure.catch(() => undefined);

  const look = async (): Promise<void> => {
    const inspection = await inspectAll(context, false);
    const sample = sampleOf(inspection, (clock() - startNs) / NS_PER_MS, context);
    samples.push(sample);
    context.onSoakSample?.(plan, sample);
  };
  // A look takes some milliseconds of every process, so it is made half-way between two messages: at a
  // time when one is due it would be a part of the latency that it looks at.
  const offsetMs = plan.ratePerS > 0 ? 500 / plan.ratePerS : 0;
  let looking: Promise<void> = Promise.resolve();
  let turn = 0;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const waitForNext = (): void => {
    const elapsedMs = (clock() - startNs) / NS_PER_MS;
    // A process that answers late is looked at less often, and never twice at a time.
    turn = Math.max(turn + 1, Math.ceil((elapsedMs - offsetMs) / plan.intervalMs));
    timer = setTimeout(
      () => {
        looking = look()
          .then(() => {
            if (!stopped) waitForNext();
          })
          .catch(fail);
      },
      turn * plan.intervalMs + offsetMs - elapsedMs,
    );
  };
  waitForNext();
  const stop = (): void => {
    stopped = true;
    clearTimeout(timer);
  };
  return {
    failure,
    stop,
    async finish() {
      stop();
      await looking;
      const after = liveBytes(await inspectServer(context));
      const known = before !== undefined && after !== undefined;
      return { ...plan, ...(known ? { liveBytes: { before, after } } : {}), samples };
    },
  };
}

const liveBytes = ({ heapUsedBytes, externalBytes }: ServerMemory): number | undefined =>
  heapUsedBytes === undefined || externalBytes === undefined
    ? undefined
    : heapUsedBytes + externalBytes;

function sampleOf(
  { server, workers }: Inspection,
  atMs: number,
  { serverPids, workers: children }: TrialContext,
): SoakSample {
  const due = mergeHistograms(workers.map((worker) => decodeHistogram(worker.due)));
  return {
    atMs,
    received: workers.reduce((sum, { received }) => sum + received, 0),
    server: processOf([server], serverPids),
    generator: processOf(
      workers.map(({ memory }) => memory),
      children.map(({ pid }) => pid),
    ),
    ...(due.totalCount === 0
      ? {}
      : {
          due: encodeHistogram(due),
          dueP50: valueAtQuantile(due, 0.5),
          dueP99: valueAtQuantile(due, 0.99),
        }),
  };
}

function processOf(memories: readonly ServerMemory[], pids: readonly number[]): SoakProcess {
  const sum = (name: keyof ProcessMemory): number | undefined => {
    const known = memories.flatMap((memory) => memory[name] ?? []);
    return known.length < memories.length ? undefined : known.reduce((all, one) => all + one, 0);
  };
  const descriptors = sumOver(pids, readDescriptors);
  return {
    rssBytes: sum('rssBytes'),
    heapUsedBytes: sum('heapUsedBytes'),
    externalBytes: sum('externalBytes'),
    ...(descriptors === undefined ? {} : { descriptors }),
    timers: sum('timers'),
    handles: sum('handles'),
  };
}
