/** Memory and CPU of a crowd that does nothing, step by step, as it is stored in the run file. */
import { z } from 'zod';

const count = z.number().int().nonnegative();
const bytes = z.number();

/** Memory of one step, after all garbage was collected on both sides and nothing moved any more. */
const memoryStepSchema = z.object({
  connections: count,
  /** Resident set of the server's processes, and of all generator processes. */
  serverBytes: bytes,
  generatorBytes: bytes,
  /** Of all processes of a proxy in between; left out: there is none. */
  proxyBytes: bytes.optional(),
  /** What JavaScript holds in the server: live objects, and buffers outside the heap; left out: it is not ours. */
  serverUsedBytes: bytes.optional(),
  /** Buffers of all TCP sockets of the machine, and all slabs of its kernel: both ends are in it. */
  tcpBytes: bytes.optional(),
  slabBytes: bytes.optional(),
  /** By how much the server's resident set moved between the last two looks; and how long it was waited for. */
  movedBytes: bytes,
  settledMs: z.number(),
});

/** CPU of one window, in which nothing happens but heartbeats. */
const cpuStepSchema = z.object({
  connections: count,
  /** 0: no heartbeats. */
  heartbeatMs: z.number(),
  wallNs: z.number(),
  serverNs: z.number(),
  generatorNs: z.number(),
});

export const restRecordSchema = z.object({
  memory: z.array(memoryStepSchema),
  cpu: z.array(cpuStepSchema),
  /** Connections that ended meanwhile. */
  lost: count,
});

export type MemoryStep = z.infer<typeof memoryStepSchema>;
export type CpuStep = z.infer<typeof cpuStepSchema>;
export type RestRecord = z.infer<typeof restRecordSchema>;
