/**
 * The phases of a scenario as a schema, for those that somebody else wrote: what the compiler says of ours
 * is said of theirs when they are loaded. It knows one phase at a time; core/phase-rules.ts knows the order.
 */
import { z } from 'zod';
import { MIN_CHANNEL_MESSAGE_BYTES, MIN_MESSAGE_BYTES, SMALLEST_MESSAGE_BYTES } from './message.ts';
import type { Phase, ServerNeeds, Variant } from './scenario.ts';
import { cuts, slowPolicies, strategies } from './scenario.ts';
import { pacings } from './schedule.ts';
import { say } from './schema-words.ts';

const whole = z.int({ error: say('it has to be a whole number') });
const count = whole.min(0, 'it has to be 0 or more');
const atLeastOne = whole.min(1, 'it has to be 1 or more');
const ms = z.number().min(0, 'it has to be 0 ms or more');
const someMs = z.number().gt(0, 'it has to be more than 0 ms');
const perS = z.number().gt(0, 'it has to be more than 0 per second');
const share = z.number().min(0, 'it has to be 0 … 1').max(1, 'it has to be 0 … 1');
const bytes = (least: number, what: string) =>
  z
    .int({ error: say('it has to be a whole number of bytes') })
    .min(least, `${what} takes ${least} bytes at least`);

/** A choice by `kind`, whose message names the choices. */
const unknownKind = (kinds: string) => ({
  error: ({ code }: { readonly code: string }) =>
    code === 'invalid_union' ? `it has to be ${kinds}` : undefined,
});

const connect = z.strictObject({
  kind: z.literal('connect'),
  clients: atLeastOne,
  rooms: atLeastOne.optional(),
  keys: z.strictObject({ of: atLeastOne, each: atLeastOne }).optional(),
  addressable: z.boolean().optional(),
  history: count.optional(),
  prefill: z
    .strictObject({
      messages: count,
      payloadBytes: bytes(MIN_MESSAGE_BYTES, 'a message with its times'),
      deadlineMs: ms,
    })
    .optional(),
  adds: z.literal(true).optional(),
});

const audience = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('everybody') }),
    z.strictObject({ kind: z.literal('rooms'), count: atLeastOne }),
    z.strictObject({ kind: z.literal('keys'), count: atLeastOne, each: atLeastOne }),
  ],
  unknownKind("'everybody', 'rooms' or 'keys'"),
);

const publish = z
  .strictObject({
    ratePerS: perS,
    payloadBytes: bytes(SMALLEST_MESSAGE_BYTES, 'a message'),
    from: z.enum(['server', 'client', 'everyone']),
    to: audience,
    ordered: z.boolean().optional(),
  })
  .refine(
    ({ payloadBytes, to }) => to.kind === 'everybody' || payloadBytes >= MIN_CHANNEL_MESSAGE_BYTES,
    {
      path: ['payloadBytes'],
      error: `a message that names its room or key takes ${MIN_CHANNEL_MESSAGE_BYTES} bytes at least`,
    },
  );

const work = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({ kind: z.literal('echo') }),
    z.strictObject({
      kind: z.literal('parts'),
      parts: atLeastOne,
      gapMs: ms,
      bytes: count.optional(),
    }),
  ],
  unknownKind("'echo' or 'parts'"),
);

const request = z.strictObject({
  ratePerS: perS,
  payloadBytes: bytes(MIN_MESSAGE_BYTES, 'a request'),
  answer: z.enum(['stream', 'response']),
  work,
  cancelShare: share,
});

const ask = z.strictObject({
  ratePerS: perS,
  payloadBytes: bytes(MIN_MESSAGE_BYTES, 'a question'),
  workMs: ms,
  work: z.enum(['constant', 'exponential']),
  parts: count,
  gapMs: ms,
});

const slow = z.discriminatedUnion(
  'kind',
  [
    z.strictObject({
      kind: z.literal('intervals').optional(),
      share,
      pauseMs: someMs,
      readMs: someMs,
    }),
    z.strictObject({
      kind: z.literal('stall'),
      share,
      stalls: z.boolean(),
      atMs: ms,
      forMs: someMs,
      readBytesPerS: z.number().min(0, 'it has to be 0 or more'),
    }),
  ],
  unknownKind("'intervals' or 'stall'"),
);

const fault = z.strictObject({
  cut: z.enum(cuts),
  atMs: ms,
  forMs: ms,
  share,
  comeback: z.strictObject({
    strategy: z.enum(strategies),
    baseMs: ms,
    capMs: ms,
    resume: z.boolean(),
    silenceMs: ms,
  }),
  roll: z.strictObject({ deadlineMs: someMs, settleMs: ms }).optional(),
});

const load = z.strictObject({
  kind: z.literal('load'),
  measured: z.boolean(),
  durationMs: someMs,
  pacing: z.enum(pacings),
  deadlineMs: someMs,
  publish: publish.optional(),
  request: request.optional(),
  ask: ask.optional(),
  slow: slow.optional(),
  fault: fault.optional(),
  soak: z.strictObject({ intervalMs: someMs }).optional(),
});

const rest = z.discriminatedUnion(
  'what',
  [
    z.strictObject({ kind: z.literal('rest'), what: z.literal('memory'), durationMs: ms }),
    z.strictObject({
      kind: z.literal('rest'),
      what: z.literal('cpu'),
      heartbeatMs: ms,
      durationMs: someMs,
      warmUp: z.literal(true).optional(),
    }),
  ],
  unknownKind("'memory' or 'cpu'"),
);

const beat = z.strictObject({ kind: z.literal('beat'), windowMs: someMs, fault });

const flood = z.strictObject({
  kind: z.literal('flood'),
  durationMs: someMs,
  payloadBytes: bytes(SMALLEST_MESSAGE_BYTES, 'a message'),
});

export const phaseSchema = z.discriminatedUnion(
  'kind',
  [connect, load, rest, beat, flood],
  unknownKind("'connect', 'load', 'rest', 'beat' or 'flood'"),
) satisfies z.ZodType<OrUndefined<Phase>>;

export const needsSchema = z.strictObject({
  policy: z.enum(slowPolicies),
  replay: count,
  bufferLimitBytes: atLeastOne,
  blockMs: ms,
  slowMs: ms,
  heartbeatMs: ms,
  pongTimeoutMs: ms,
  keepAliveMs: ms,
  retryMs: ms,
  processes: atLeastOne,
}) satisfies z.ZodType<ServerNeeds>;

export const variantSchema = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]*$/, 'it has lower-case letters, digits and dashes only'),
  title: z.string(),
  values: z.record(z.string(), z.union([z.number(), z.string()])),
}) satisfies z.ZodType<Variant>;

/** What may be left out may also be there and undefined: few programs are compiled as strictly as this one. */
type OrUndefined<T> = T extends object
  ? string extends keyof T
    ? T
    : {
        [K in keyof T]: Record<never, never> extends Pick<T, K>
          ? OrUndefined<T[K]> | undefined
          : OrUndefined<T[K]>;
      }
  : T;

/** That `satisfies` finds what a schema allows too much; this finds what it lacks. */
type Whole<Type, Schema extends z.ZodType> = [OrUndefined<Type>] extends [z.infer<Schema>]
  ? true
  : never;
true satisfies Whole<Phase, typeof phaseSchema>;
true satisfies Whole<ServerNeeds, typeof needsSchema>;
true satisfies Whole<Variant, typeof variantSchema>;
