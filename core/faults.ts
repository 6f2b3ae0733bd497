/**
 * Faults that can be injected on purpose, so that anybody can check that the instrument sees them.
 * Each is known exactly where it is made, and is reported beside what the instrument found.
 */
import { fault } from './errors.ts';
import type { Parsed } from './units.ts';
import { parseDurationMs, parseShare, parseSizeBytes } from './units.ts';

export interface Faults {
  /** Share of deliveries the hub leaves out, chosen at random per session and message. */
  readonly drop: number;
  /** Share of deliveries the hub makes twice. */
  readonly duplicate: number;
  /** Share of broadcasts that the hub sends after the one that follows them. */
  readonly swap: number;
  /** The server's event loop is blocked this long, once, in the middle of the measured phase, ms. */
  readonly stall: number;
  /** Share of its time that a generator worker burns for nothing. */
  readonly generator: number;
  /** How long broadcasts are held back, ms. What comes after them does not wait, and may overtake them. */
  readonly delay: number;
  /** Share of broadcasts that are, chosen at random; all of them, where a delay is asked for without a share. */
  readonly share: number;
  /** CPU time the hub burns for every delivery, ms. */
  readonly cpu: number;
  /** Bytes that the hub keeps for ever of every delivery. */
  readonly leak: number;
}

export const noFaults: Faults = {
  drop: 0,
  duplicate: 0,
  swap: 0,
  stall: 0,
  generator: 0,
  delay: 0,
  share: 0,
  cpu: 0,
  leak: 0,
};

const parsers = {
  drop: parseShare,
  duplicate: parseShare,
  swap: parseShare,
  stall: parseDurationMs,
  generator: parseShare,
  delay: parseDurationMs,
  share: parseShareOrFraction,
  cpu: parseDurationMs,
  leak: parseSizeBytes,
} as const;

const shares: ReadonlySet<(text: string) => Parsed> = new Set([parseShare, parseShareOrFraction]);

export const faultHelp =
  'faults to inject: drop=1%, duplicate=1%, swap=1%, stall=500ms, delay=5ms and share=2% of broadcasts, cpu=5us and leak=1KiB a delivery, generator=70%, joined by commas';

/** What the hub did to the deliveries of one phase. */
export interface Injected {
  readonly dropped: number;
  readonly duplicated: number;
  readonly swapped: number;
  /** Broadcasts that were held back; left out by servers that cannot. */
  readonly delayed?: number;
}

/** 'drop=1%,stall=500ms' → Faults. @throws HarnessError `bad-value` */
export function parseFaults(text: string): Faults {
  const faults: Record<keyof Faults, number> = { ...noFaults };
  for (const part of text.split(',')) {
    const [name = '', value = ''] = part.split('=');
    if (!isFaultName(name)) {
      throw fault('bad-value', {
        flag: '--inject',
        problem: `'${name}' is not a fault (known: ${Object.keys(parsers).join(', ')})`,
      });
    }
    const parsed = parsers[name](value);
    if ('problem' in parsed)
      throw fault('bad-value', { flag: `--inject ${name}`, problem: parsed.problem });
    if (shares.has(parsers[name]) && parsed.value > 1) {
      throw fault('bad-value', { flag: `--inject ${name}`, problem: `${value} is more than 100%` });
    }
    faults[name] = parsed.value;
  }
  if (faults.share > 0 && faults.delay === 0) {
    throw fault('bad-value', {
      flag: '--inject share',
      problem: 'it says how many broadcasts are delayed, so it needs delay=… beside it',
    });
  }
  return faults.delay > 0 && faults.share === 0 ? { ...faults, share: 1 } : faults;
}

/** '2%', or the same as '0.02'. */
function parseShareOrFraction(text: string): Parsed {
  return /^[01](\.\d+)?$/.test(text) ? { value: Number(text) } : parseShare(text);
}

function isFaultName(name: string): name is keyof Faults {
  return Object.hasOwn(parsers, name);
}
