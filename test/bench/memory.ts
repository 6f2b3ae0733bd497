/**
 * Memory per idle connection as the slope over three counts, on both sides, and how fast 15,000
 * connections open. Resident set only: the kernel's socket memory is not in it.
 */

import { median } from '../../core/median.ts';
import type { Arm } from '../../core/result.ts';
import type { Supervisor } from '../../loadgen/child-process.ts';
import { possibleClients, readLimits } from '../../loadgen/limits.ts';
import { connect } from '../../loadgen/phases/connect.ts';
import { planCores } from '../../loadgen/pinning.ts';
import { readProcess } from '../../loadgen/procfs.ts';
import { plainSetup, startProcesses, stopAll } from '../../loadgen/trial.ts';
import type { Finding } from './finding.ts';
import { atLeast, atMost } from './finding.ts';

const COUNTS = [2_500, 5_000, 10_000];
const CROWD = 15_000;
const SETTLE_MS = 1_500;
const GENERATOR_LIMIT_KIB = 6;
const SERVER_LIMIT_KIB = 16;
const CONNECTS_PER_S = 3_000;

export async function benchMemory(
  supervisor: Supervisor,
  _rounds: number,
  log: (text: string) => void,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const transport of ['sse', 'ws'] as const) {
    const server: [number, number][] = [];
    const generator: [number, number][] = [];
    for (const count of COUNTS) {
      const rss = await residentSets(transport, count, supervisor);
      server.push([count, rss.server]);
      generator.push([count, rss.generator]);
      log(
        `memory, ${transport}: ${count} connections, server ${mib(rss.server)}, generator ${mib(rss.generator)}`,
      );
    }
    findings.push(
      atMost(
        `memory.generator.${transport}`,
        slope(generator) / 1_024,
        GENERATOR_LIMIT_KIB,
        'KiB',
        `generator, resident set per idle ${transport} connection, slope over ${COUNTS.join(' / ')}`,
      ),
      atMost(
        `memory.server.${transport}`,
        slope(server) / 1_024,
        SERVER_LIMIT_KIB,
        'KiB',
        `server, resident set per idle ${transport} connection, slope over ${COUNTS.join(' / ')}`,
      ),
    );
    findings.push(await crowd(transport, supervisor, log));
  }
  return findings;
}

const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

/** Theil–Sen: the median slope of all pairs, which one odd reading does not move. */
function slope(points: readonly (readonly [number, number])[]): number {
  const slopes = points.flatMap(([x, y], index) =>
    points.slice(index + 1).map(([x2, y2]) => (y2 - y) / (x2 - x)),
  );
  return median(slopes) ?? 0;
}

async function start(transport: 'sse' | 'ws', supervisor: Supervisor) {
  const arm: Arm = {
    name: transport,
    title: transport,
    transport,
    client: 'lean',
    target: 'built-in',
    route: 'direct',
    role: 'candidate',
  };
  return startProcesses(
    { arm, phases: [], point: {}, round: 0, order: 0, attempt: 0, seed: 1, headRoom: undefined },
    plainSetup(planCores(), 1),
    supervisor,
    [],
    () => undefined,
  );
}

/** New processes for every count: memory that a process once had is not given back for the next. */
async function residentSets(transport: 'sse' | 'ws', count: number, supervisor: Supervisor) {
  const context = await start(transport, supervisor);
  await connect({ kind: 'connect', clients: count }, context);
  const [worker] = context.workers;
  if (worker === undefined || context.connect?.failed !== 0)
    throw new Error(`${context.connect?.failed} connections failed`);
  const expecting = worker.next('expecting', 10_000);
  worker.send({
    kind: 'expect',
    deliveries: {
      firstSeq: 0,
      count: 1,
      audience: { kind: 'everybody' },
      ordered: false,
      deadlineMs: 1_000,
      sampleEvery: 0,
    },
    requests: false,
    asks: undefined,
    slow: undefined,
    comeback: undefined,
  });
  await expecting;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  const server = readProcess(context.server.pid)?.rssBytes ?? 0;
  const generator = readProcess(worker.pid)?.rssBytes ?? 0;
  await stopAll(context);
  return { server, generator };
}

async function crowd(
  transport: 'sse' | 'ws',
  supervisor: Supervisor,
  log: (text: string) => void,
): Promise<Finding> {
  const { clients: possible } = possibleClients(readLimits());
  const clients = Math.min(CROWD, possible);
  const context = await start(transport, supervisor);
  const startedAt = performance.now();
  await connect({ kind: 'connect', clients }, context);
  const perS = (clients * 1_000) / (performance.now() - startedAt);
  const failed = context.connect?.failed ?? clients;
  await stopAll(context);
  log(`crowd, ${transport}: ${clients} connections, ${failed} failed, ${perS.toFixed(0)}/s`);
  return atLeast(
    `crowd.${transport}`,
    failed === 0 && clients === CROWD ? perS : 0,
    CONNECTS_PER_S,
    '/s',
    `${clients} ${transport} connections to one server process, ${failed} failed`,
  );
}
