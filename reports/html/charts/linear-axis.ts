/** Linear axes with few ticks, at round numbers, in words of ours: from zero up, or around what there is. */
import { labelled, span, tickText, Y_AXIS } from './theme.ts';

/** Largest first: a round number of these is a round number of bytes. */
const BYTE_UNITS = [2 ** 30, 2 ** 20, 2 ** 10, 1];
/** Their halves are round too: a tick in the middle that says 3 stands at 3 and not at 2.5. */
const TOPS = [1, 2, 4, 6, 8, 10];
const STEPS = [1, 2, 2.5, 5, 10];

interface AxisOptions {
  readonly format: (value: number) => string;
  /** Whether round means a power of two. */
  readonly bytes?: boolean;
}

/** From 0 to the first round number above; with what lies below zero, where anything does. */
export function fromZero(values: readonly number[], { format, bytes = false }: AxisOptions) {
  const top = roundUp(Math.max(0, ...values), bytes);
  const lowest = Math.min(0, ...values);
  const bottom = lowest < 0 ? -roundUp(-lowest, bytes) : 0;
  return axisOf([...new Set([bottom, 0, top / 2, top])], bottom, top, format);
}

/** Between the round numbers below and above all values: for changes that are small beside the whole. */
export function around(values: readonly number[], { format, bytes = false }: AxisOptions) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const unit = unitOf(high, bytes);
  const room = Math.max(high - low, high / 50, 1e-9) / unit;
  const magnitude = 10 ** Math.floor(Math.log10(room / 3));
  const step = (STEPS.find((one) => one * magnitude >= room / 3) ?? 10) * magnitude * unit;
  const bottom = Math.floor(low / step) * step;
  const top = Math.ceil(high / step) * step;
  const count = Math.round((top - bottom) / step);
  const ticks = Array.from({ length: count + 1 }, (_, index) => bottom + index * step);
  return axisOf(ticks, bottom, top, format);
}

function axisOf(
  at: readonly number[],
  bottom: number,
  top: number,
  format: (value: number) => string,
) {
  const ticks = at.map((value) => ({
    value,
    label: value === 0 ? '0' : tickText(format(value)).replace('-', '−'),
  }));
  return {
    scale: { domain: span(bottom, top), nice: false, zero: false },
    axis: {
      // Half of one is none: of whole numbers, two ticks may have the same name.
      ...labelled(
        ticks.filter(({ label }, i) => ticks.findLastIndex((one) => one.label === label) === i),
      ),
      ...Y_AXIS,
      title: null,
    },
  } as const;
}

const unitOf = (amount: number, bytes: boolean): number =>
  bytes ? (BYTE_UNITS.find((one) => amount >= one) ?? 1) : 1;

function roundUp(amount: number, bytes: boolean): number {
  // Zero all the time is a line on the ground of any axis.
  if (amount <= 0) return 1;
  const unit = unitOf(amount, bytes);
  const inUnits = amount / unit;
  const magnitude = 10 ** Math.floor(Math.log10(inUnits));
  return (TOPS.find((step) => step * magnitude >= inUnits) ?? 10) * magnitude * unit;
}
