/**
 * Faults that can be injected on purpose, so that anybody can check that the instrument sees them.
 * Each is known exactly where it is made, and is reported beside what the instrument found.
 */
import { fault } from './errors.ts';
import { parseDurationMs, parseShare } from './units.ts';

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
}

export const noFaults: Faults = { drop: 0, duplicate: 0, swap: 0, stall: 0, generator: 0 };

const parsers = {
  drop: parseShare,
  duplicate: parseShare,
  swap: parseShare,
  stall: parseDurationMs,
  generator: parseShare,
} as const;

export const faultHelp =
  'faults to inject: drop=1%, duplicate=1%, swap=1%, stall=500ms, generator=70%, joined by commas';

/** What the hub did to the deliveries of one phase. */
export interface Injected {
  readonly dropped: number;
  readonly duplicated: number;
  readonly swapped: number;
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
    if (parsers[name] === parseShare && parsed.value > 1) {
      throw fault('bad-value', { flag: `--inject ${name}`, problem: `${value} is more than 100%` });
    }
    faults[name] = parsed.value;
  }
  return faults;
}

function isFaultName(name: string): name is keyof Faults {
  return Object.hasOwn(parsers, name);
}
