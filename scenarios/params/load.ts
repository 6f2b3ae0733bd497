/** Parameters that nearly every scenario has: how many, how often, how large; their limits are the same. */
import { MIN_MESSAGE_BYTES } from '../../core/message.ts';
import type { Params } from '../../core/params.ts';
import type { LoadPhase } from '../../core/scenario.ts';

export const clients = (preset: number, help = 'connected clients') =>
  ({ type: 'count', default: preset, min: 1, max: 1_000_000, help }) as const;

export const rate = (preset: number, help: string) =>
  ({ type: 'ratePerS', default: preset, min: 0.1, max: 100_000, help }) as const;

/** @param min what the message needs for its head */
export const payload = (preset: number, help: string, min = MIN_MESSAGE_BYTES) =>
  ({ type: 'sizeBytes', default: preset, min, max: 1_048_576, help }) as const;

/** How late a delivery may come. */
export const deadline = {
  type: 'durationMs',
  default: 5_000,
  min: 10,
  max: 60_000,
  help: 'a delivery later than this after its due time counts as late',
} as const satisfies Params[string];

/** Every message for every client. @param from the server itself, or a client that sends it up */
export function toEverybody(
  p: { readonly deadline: number; readonly rate: number; readonly payload: number },
  from: NonNullable<LoadPhase['publish']>['from'] = 'server',
) {
  return {
    deadlineMs: p.deadline,
    publish: { ratePerS: p.rate, payloadBytes: p.payload, from, to: { kind: 'everybody' } },
  } as const;
}
