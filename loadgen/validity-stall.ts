/**
 * What changes in the verdict on a trial in which clients stopped reading: rules of its own, and which of the
 * others make no sense then. Pure, as the rest of it.
 */
import type { StallRecord } from '../core/records/stall.ts';
import type { Rule } from './validity.ts';

/** Less than this may be gone into the buffers of two sockets before the server sees any of it come back. */
const LITTLE_BYTES = 16 * 2 ** 20;

export const stallRules: readonly Rule[] = [
  {
    id: 'stalled',
    title: 'clients that stopped reading, off the number that was planned',
    unit: 'count',
    bad: 'above',
    value: ({ stall }) =>
      stall === undefined ? undefined : Math.abs(stall.stalled - stall.planned),
    invalid: 0,
    broken: 'not as many clients stopped as were to, so nothing is known of what they would do',
  },
  {
    id: 'stall-held',
    title: 'messages read by clients that had stopped, beyond what they were to read',
    unit: 'count',
    bad: 'above',
    value: ({ stall }) => stall?.readOn,
    invalid: 0,
    broken: 'clients that were to stop went on reading',
  },
  {
    id: 'stall-offered',
    title: 'offered to each of them meanwhile, of the 16 MiB that a kernel may take alone',
    unit: 'ratio',
    bad: 'below',
    skip: ({ stall }) => (stall?.planned === 0 ? 'nobody was to stop' : undefined),
    value: ({ stall }) => (stall === undefined ? undefined : stall.offeredBytes / LITTLE_BYTES),
    suspect: 1,
    broken:
      'the policy may never have had anything to do; try a longer --stall, a higher --rate or a larger --payload',
  },
  {
    id: 'healthy-kept',
    title: 'clients that read all the time and lost their connection',
    unit: 'count',
    bad: 'above',
    value: ({ stall }) => stall?.othersClosed,
    invalid: 0,
    broken:
      'the others are to show what a stall does to those who keep up, and some of them were cut off themselves; try a lower --rate or --payload, or a larger --buffer-limit',
  },
  {
    id: 'drop-accounts',
    title: 'deliveries of which the server and the clients say different things',
    unit: 'count',
    bad: 'above',
    value: ({ stall }) => stall?.accounts.disagreement,
    invalid: 0,
    broken:
      'what the server says it left out is not what clients are missing, so one of the two counts is wrong',
  },
  {
    id: 'caught-up',
    title: 'clients that read again and had not caught up at the end',
    unit: 'count',
    bad: 'above',
    value: ({ stall }) => stall?.recovery.behind,
    suspect: 0,
    broken:
      'what is said of the time until all had caught up leaves out those who had not; try a longer --duration',
  },
];

/** Rules that would judge the stall and not the measurement, and why they are left out. */
const meaningless: Readonly<Record<string, string>> = {
  steady: 'a part of the clients stops in the middle, which is what it is for',
};

/** Why a rule is not judged in a trial in which clients stopped; undefined where it is. */
export function skippedByStall(id: string, stall: StallRecord | undefined): string | undefined {
  return stall === undefined || stall.planned === 0 ? undefined : meaningless[id];
}

/** What limits of the generator derive from: late deliveries to those who do not read would make them laxer. */
export function healthyHistograms({ healthy }: StallRecord): string[] {
  return [healthy.during.due, healthy.after.due];
}
