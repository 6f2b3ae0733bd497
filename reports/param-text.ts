/** Values of parameters as a person writes them: in a run file they are plain numbers. */
import { formatParam } from '../core/params.ts';
import type { Point, RunResult } from '../core/result.ts';

/** A run's scenario, or what else knows what its parameters are. */
type Known = Pick<RunResult['scenario'], 'paramTypes'>;
type ParamType = NonNullable<Known['paramTypes']>[string];

/** Older run files do not say what a number is; of these it is known all the same. */
const ALWAYS: Readonly<Record<string, ParamType>> = {
  rate: 'ratePerS',
  payload: 'sizeBytes',
  warmup: 'durationMs',
  duration: 'durationMs',
  deadline: 'durationMs',
  settle: 'durationMs',
  'cpu-window': 'durationMs',
  interval: 'durationMs',
  pong: 'durationMs',
};

/** '2s', '1KiB', '50/s', '10%'; a count, or what is not known to be anything else, as '1,000'. */
export function paramText({ paramTypes }: Known, name: string, value: number | string): string {
  if (typeof value === 'string') return value;
  const type = paramTypes === undefined ? ALWAYS[name] : paramTypes[name];
  return type === undefined ? value.toLocaleString('en-US') : formatParam({ type }, value);
}

/** 'interval=2s'; '' where nothing is swept. For people: what tells points apart is `pointName`. */
export function pointText(known: Known, point: Point): string {
  return Object.entries(point)
    .map(([name, value]) => `${name}=${paramText(known, name, value)}`)
    .join(' ');
}
