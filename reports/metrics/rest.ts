/**
 * What connections cost on which nothing happens: memory as the slope over several counts, so that what
 * the process takes by itself is not in it, and CPU at each interval of heartbeats.
 */
import type { CpuStep, MemoryStep } from '../../core/records/rest.ts';
import type { Trial } from '../../core/result.ts';
import type { LineFit } from '../../core/slope.ts';
import { fitLine } from '../../core/slope.ts';
import type { Metric } from '../metric.ts';

/** Whose bytes; undefined where they were not measured. */
export type Bytes = (step: MemoryStep) => number | undefined;

export const serverBytes: Bytes = (step) => step.serverBytes;
export const usedBytes: Bytes = (step) => step.serverUsedBytes;
const proxyBytes: Bytes = (step) => step.proxyBytes;
export const generatorBytes: Bytes = (step) => step.generatorBytes;
/** Sockets and their buffers; a part that is missing makes the whole unknown. */
export const kernelBytes: Bytes = ({ tcpBytes, slabBytes }) =>
  tcpBytes === undefined || slabBytes === undefined ? undefined : tcpBytes + slabBytes;

/** Bytes per connection of one trial, with what the fit says about itself. */
export function memoryFit({ rest }: Trial, bytes: Bytes): LineFit | undefined {
  const points = (rest?.memory ?? []).map((step) => ({ x: step.connections, y: bytes(step) }));
  const known = points.flatMap(({ x, y }) => (y === undefined ? [] : [{ x, y }]));
  return known.length < points.length ? undefined : fitLine(known);
}

function slope(title: string, explain: string, bytes: Bytes) {
  return {
    title,
    unit: 'B',
    better: 'lower',
    explain,
    derive: (trial: Trial) => memoryFit(trial, bytes)?.slope,
  } as const satisfies Metric;
}

/** CPU is told per so many connections: what one costs at rest is too little to be read. */
export const CROWD = 10_000;

/** Share of a core that the crowd would take, of the server or of the generator. */
export function cpuPerCrowd(step: CpuStep, side: 'serverNs' | 'generatorNs'): number {
  return (step[side] / step.wallNs / step.connections) * CROWD;
}

function cpu(heartbeatS: number, side: 'serverNs' | 'generatorNs') {
  const who = side === 'serverNs' ? 'server' : 'generator';
  const when = heartbeatS === 0 ? 'no heartbeats' : `a heartbeat every ${heartbeatS} s`;
  return {
    title: `${who} CPU at rest ${heartbeatS === 0 ? 'without heartbeats' : `with one beat per ${heartbeatS} s`}`,
    unit: 'core',
    better: 'lower',
    explain: `CPU time of the ${who} per ${CROWD.toLocaleString('en-US')} connections that carry nothing, with ${when}, as a share of one core${
      heartbeatS === 0 ? '; what the process does by itself is in it' : ''
    }`,
    derive({ rest }: Trial) {
      const step = rest?.cpu.find(({ heartbeatMs }) => heartbeatMs === heartbeatS * 1_000);
      return step === undefined || step.connections === 0 ? undefined : cpuPerCrowd(step, side);
    },
  } as const satisfies Metric;
}

export const restMetrics = {
  'server.memory': slope(
    'server memory per connection',
    'resident memory of the server per idle connection: the slope over several counts, after a forced collection, so without the process itself',
    serverBytes,
  ),
  'server.memory.used': slope(
    'of it JavaScript',
    'of the memory per idle connection what JavaScript holds: live objects, and buffers outside the heap',
    usedBytes,
  ),
  'proxy.memory': slope(
    'proxy memory per connection',
    'resident memory of all processes of the proxy per idle connection of a client: the slope over several counts, so without the proxy itself',
    proxyBytes,
  ),
  'kernel.memory': slope(
    'kernel memory per connection',
    'socket buffers and slabs of the kernel per idle connection, as a slope; both ends of it are on this machine, so it is for two sockets',
    kernelBytes,
  ),
  'generator.memory': slope(
    'generator memory per connection',
    'resident memory of the generator per idle connection, as a slope: what a client of ours takes',
    generatorBytes,
  ),
  'idle.cpu.none': cpu(0, 'serverNs'),
  'idle.cpu.60s': cpu(60, 'serverNs'),
  'idle.cpu.30s': cpu(30, 'serverNs'),
  'idle.cpu.15s': cpu(15, 'serverNs'),
  'idle.cpu.5s': cpu(5, 'serverNs'),
  'idle.generator.cpu.15s': cpu(15, 'generatorNs'),
} as const satisfies Record<string, Metric>;
