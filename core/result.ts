/**
 * The run file: everything a report, a comparison or a gate needs, so that nothing is run again to be
 * looked at again. The schema is the definition; the types follow from it.
 */
import { z } from 'zod';
import { unitTypes } from './params.ts';
import { beatRecordSchema } from './records/beat.ts';
import { faultRecordSchema } from './records/fault.ts';
import { gateRecordSchema } from './records/gate.ts';
import { restRecordSchema } from './records/rest.ts';
import { routeRecordSchema } from './records/route.ts';
import { searchRecordSchema } from './records/search.ts';
import { soakRecordSchema } from './records/soak.ts';
import { stallRecordSchema } from './records/stall.ts';

/** Raised when the shape changes; readers keep reading older ones. */
export const SCHEMA_VERSION = 1;

const count = z.number().int().nonnegative();
/** HdrHistogram V2, compressed, base64. */
const histogram = z.string();
const pointSchema = z.record(z.string(), z.union([z.number(), z.string()]));

const armSchema = z.object({
  name: z.string(),
  title: z.string(),
  transport: z.string(),
  client: z.enum(['lean', 'library']),
  target: z.string(),
  route: z.string(),
  role: z.enum(['candidate', 'floor']),
  /** Name of the variant, and the parameter values that make it differ; left out: the first one. */
  variant: z.string().optional(),
  values: pointSchema.optional(),
});

const checkSchema = z.object({
  id: z.string(),
  title: z.string(),
  /** Undefined where it could not be measured, which is never a pass. */
  value: z.number().optional(),
  limit: z.number().optional(),
  unit: z.string(),
  ok: z.enum(['pass', 'suspect', 'invalid', 'not-measured']),
  says: z.string(),
});

export const validityStates = ['valid', 'suspect', 'invalid'] as const;
const validitySchema = z.object({
  state: z.enum(validityStates),
  checks: z.array(checkSchema),
});

const ledgerSchema = z.object({
  /** messages × subscribers, those that failed to connect included */
  expected: count,
  received: count,
  lost: count,
  /** Left out by the server because a newer message took their place, which is no loss; only where it may do so. */
  coalesced: count.optional(),
  duplicated: count,
  reordered: count,
  /** Among the received: those after the deadline. */
  late: count,
  foreign: count,
});

const phaseSchema = z.object({
  kind: z.string(),
  measured: z.boolean(),
  startNs: z.number(),
  endNs: z.number(),
  says: z.string(),
});

const timelineSchema = z.object({
  /** Seconds since the start of the measured phase; a row may hold several, of which it tells one or the mean. */
  second: z.number(),
  deliveries: z.number(),
  /** due → received of the messages due in this second, µs */
  p50: z.number().optional(),
  p99: z.number().optional(),
  max: z.number().optional(),
  serverUtilization: z.number().optional(),
  generatorUtilization: z.number().optional(),
  serverGcMs: z.number().optional(),
  generatorGcMs: z.number().optional(),
  /** Of the time that the machine's cores were not idle. */
  stealShare: z.number().optional(),
});

const histogramsSchema = z.object({
  /** due → received and sent → received of every delivery, µs */
  due: histogram,
  sent: histogram,
  /** Per broadcast: due → received by its first, median and last subscriber, µs. */
  spreadFirst: histogram.optional(),
  spreadMedian: histogram.optional(),
  spreadLast: histogram.optional(),
  /** How late each message was sent, µs. */
  slip: histogram,
  connect: histogram,
  /** From the call to connect to the last message of the history, of clients that lack nothing, µs. */
  history: histogram.optional(),
});

/** Round trips: requests of the clients, or questions of the server. */
const tripsSchema = z.object({
  counts: z.object({
    planned: count,
    sent: count,
    answered: count,
    /** Planned, and never answered: timed out, failed or refused. */
    unanswered: count,
    /** Of the answered: after the timeout. */
    late: count,
    errors: count,
    duplicated: count,
    foreign: count,
    cancelled: count,
    parts: count,
    partsAfterCancel: count,
    /** Parts that answered requests lack, and parts that came out of turn or again. */
    partsMissing: count.optional(),
    partsOutOfTurn: count.optional(),
  }),
  /** due → answered and sent → answered, µs */
  due: histogram,
  sent: histogram,
  slip: histogram,
  /** due → first part, µs */
  first: histogram.optional(),
  /** Between one part and the next, µs. */
  gap: histogram.optional(),
  /** Without the time the other side worked, µs. */
  overhead: histogram.optional(),
});

/** What a trial's ledger, histograms and timeline are about. */
export const flows = ['delivery', 'request', 'ask'] as const;
export type Flow = (typeof flows)[number];

/** Named raw numbers a metric may be derived from; a missing one was not measured. */
const probesSchema = z.record(z.string(), z.number());

const trialSchema = z.object({
  arm: z.string(),
  round: count,
  /** Position within its round, from 0. */
  order: count,
  /** 0, or how many earlier tries of this round were left out. */
  attempt: count,
  point: pointSchema,
  startedAt: z.string(),
  outcome: z.enum(['completed', 'failed']),
  /** Why it failed, and the last words of the process that did. */
  says: z.string().optional(),
  stderrTail: z.string().optional(),
  /** Left out of comparisons, with the reason; its round was run again where the budget allowed. */
  excluded: z.string().optional(),
  validity: validitySchema,
  phases: z.array(phaseSchema),
  /** What the ledger, histograms and timeline are about; left out: deliveries. */
  flow: z.enum(flows).optional(),
  trips: z.object({ request: tripsSchema.optional(), ask: tripsSchema.optional() }).optional(),
  ledger: ledgerSchema.optional(),
  histograms: histogramsSchema.optional(),
  timeline: z.array(timelineSchema),
  injected: z
    .object({ dropped: count, duplicated: count, swapped: count, delayed: count.optional() })
    .optional(),
  closed: z.array(z.object({ cause: z.string(), count })),
  /** What a fault in the middle of the load did, and how it was got over. */
  fault: faultRecordSchema.optional(),
  /** Clients that stopped reading. */
  stall: stallRecordSchema.optional(),
  /** Memory and CPU at rest, step by step. */
  rest: restRecordSchema.optional(),
  /** Peers that fell silent, and what finding them cost. */
  beat: beatRecordSchema.optional(),
  /** What was looked at all through a long load. */
  soak: soakRecordSchema.optional(),
  probes: probesSchema,
  metrics: z.record(z.string(), z.number()),
});

/** The POST endpoint alone, driven by autocannon: what plain HTTP costs on this server. */
const yardstickSchema = z.object({
  round: count,
  point: pointSchema,
  /** Sent → answered as autocannon counts it: from the actual sending, µs. */
  p50: z.number(),
  p99: z.number(),
  /** Requests answered, and those that were not. */
  answered: count,
  failed: count,
  ratePerS: z.number(),
  connections: count,
  /** CPU of the server, ns per request. */
  cpu: z.number().optional(),
});

const controlSchema = z.object({
  round: count,
  point: pointSchema,
  /** due → received, µs; and CPU of its server, ns per delivery. */
  p50: z.number(),
  p99: z.number(),
  cpu: z.number(),
  deliveries: count,
});

/** What went wrong beside the trials; the run goes on without it. */
const incidentSchema = z.object({
  round: count,
  point: pointSchema,
  /** What is missing for it: the start of a sentence. */
  what: z.string(),
  says: z.string(),
});

export const verdicts = [
  'better',
  'worse',
  'same',
  'small-but-real',
  'unclear',
  'not-comparable',
] as const;

const comparisonSchema = z.object({
  metric: z.string(),
  arm: z.string(),
  against: z.string(),
  point: pointSchema,
  /** arm / against, with its 95 % interval. */
  ratio: z.number().optional(),
  low: z.number().optional(),
  high: z.number().optional(),
  rounds: count,
  /** The smallest relative change this comparison would have found 8 times in 10. */
  detectable: z.number().optional(),
  verdict: z.enum(verdicts),
  /** Whether it was named before the run as what the run is about; all others are exploratory. */
  headline: z.boolean(),
  says: z.string(),
});

/** A server of somebody else's that was measured. What its file says is not repeated: it may hold secrets. */
const targetRecordSchema = z.object({
  /** As in `arms[].target`. */
  name: z.string(),
  title: z.string(),
  /** Name of its file, and a hash of the text of it. */
  file: z.string(),
  hash: z.string(),
  transports: z.array(z.string()),
  /** How messages get in, without any values: `POST http://127.0.0.1:{port}/publish`, a frame, a command. */
  publish: z.string(),
  /** Whether it was started for each trial; otherwise it ran before and went on running. */
  started: z.boolean(),
});

/** What was asked for and could not be measured; the rest was. */
const skippedSchema = z.object({
  /** An arm, a point of a sweep, or a server. */
  what: z.string(),
  says: z.string(),
});

export const environmentSchema = z.object({
  /** Runs with different fingerprints are not comparable. */
  fingerprint: z.string(),
  cpu: z.string(),
  cores: count,
  memoryBytes: count,
  os: z.string(),
  kernel: z.string(),
  node: z.string(),
  virtualization: z.string().optional(),
  serverCores: z.array(count),
  generatorCores: z.array(count),
  pinning: z.string(),
  packages: z.record(z.string(), z.string()),
  /** Versions of the proxies that took part, by name; left out: none did. */
  proxies: z.record(z.string(), z.string()).optional(),
});

const warningSchema = z.object({
  code: z.string(),
  says: z.string(),
  /** What to try, usually a flag. */
  hint: z.string(),
});

export const runResultSchema = z.object({
  schema: z.literal(SCHEMA_VERSION),
  id: z.string(),
  startedAt: z.string(),
  finishedAt: z.string().optional(),
  /** `running` in a file that was never finished means that its process was killed. */
  state: z.enum(['running', 'finished', 'aborted']),
  tool: z.object({ version: z.string(), commit: z.string().optional() }),
  command: z.string(),
  scenario: z.object({
    name: z.string(),
    question: z.string(),
    headline: z.array(z.string()),
    /** The sweep that looks around the operating point. */
    explore: z.string(),
    /** Of one that is none of ours: where it came from, and a hash of its script. */
    origin: z.string().optional(),
    hash: z.string().optional(),
    /** What the numbers in `params` and in points are, where they have a unit; left out by older versions. */
    paramTypes: z.record(z.string(), z.enum(unitTypes)).optional(),
  }),
  params: pointSchema,
  options: z.object({
    rounds: count,
    seed: count,
    margin: z.number(),
    client: z.string(),
    inject: z.string().optional(),
    workers: count,
    /** What happens to a slow session, and how many messages are kept per room. */
    policy: z.string().optional(),
    replay: count.optional(),
    tls: z.boolean().optional(),
    /** Upstream connections of each worker, and requests under way on each. */
    connections: count.optional(),
    pipelining: count.optional(),
    /** Server processes behind the one port. */
    processes: count.optional(),
    /** Of loopback, at which it was; left out: one. */
    addresses: count.optional(),
    /** With the policy `block`: how long all wait for a slow session; with `disconnect`: how long it may be slow, ms. */
    blockMs: z.number().optional(),
    slowMs: z.number().optional(),
  }),
  /** Values of the swept parameters, one point per element; one empty point when nothing is swept. */
  points: z.array(pointSchema),
  arms: z.array(armSchema),
  /** What `arms[].route` stands for, but for `direct`. */
  routes: z.array(routeRecordSchema).optional(),
  /** Servers that are not ours; left out where there are none. */
  targets: z.array(targetRecordSchema).optional(),
  skipped: z.array(skippedSchema).optional(),
  environment: environmentSchema,
  trials: z.array(trialSchema),
  control: z.array(controlSchema),
  yardstick: z.array(yardstickSchema).optional(),
  incidents: z.array(incidentSchema).optional(),
  /** Of runs that look for a limit: what each search came to. */
  searches: z.array(searchRecordSchema).optional(),
  /** Of runs that a gate was decided by. */
  gate: gateRecordSchema.optional(),
  comparisons: z.array(comparisonSchema),
  warnings: z.array(warningSchema),
});

export type Arm = z.infer<typeof armSchema>;
export type Check = z.infer<typeof checkSchema>;
export type Validity = z.infer<typeof validitySchema>;
export type Ledger = z.infer<typeof ledgerSchema>;
export type PhaseRecord = z.infer<typeof phaseSchema>;
export type TimelinePoint = z.infer<typeof timelineSchema>;
export type Trips = z.infer<typeof tripsSchema>;
export type Histograms = z.infer<typeof histogramsSchema>;
export type Point = z.infer<typeof pointSchema>;
export type Trial = z.infer<typeof trialSchema>;
export type Yardstick = z.infer<typeof yardstickSchema>;
export type Incident = z.infer<typeof incidentSchema>;
export type ControlTrial = z.infer<typeof controlSchema>;
export type RunComparison = z.infer<typeof comparisonSchema>;
export type TargetRecord = z.infer<typeof targetRecordSchema>;
export type Environment = z.infer<typeof environmentSchema>;
export type Warning = z.infer<typeof warningSchema>;
export type RunResult = z.infer<typeof runResultSchema>;

/** `options.blockMs` and `.slowMs` of runs that do not say them: nobody could choose them then. */
export const policyTimesBefore = { blockMs: 250, slowMs: 10_000 } as const;

/** One name for a point of a sweep, for grouping: 'clients=500'. */
export function pointName(point: Point): string {
  return Object.entries(point)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
