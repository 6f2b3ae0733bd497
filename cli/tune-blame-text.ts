/** What is wrong with a configuration, and which directive of it, as text. */
import { formatMicroseconds } from '../core/units.ts';
import type { Blamed, Change } from '../loadgen/tune/blame.ts';
import { describeChange } from '../loadgen/tune/blame.ts';
import type { Blame } from './tune-blame.ts';

export function blameText({ file, proxy, version, maxMs, harms, blamed, mended }: Blame): string {
  const waited = formatMicroseconds(maxMs * 1_000);
  const end = `Cuts were waited for ${waited}; --max waits for longer ones.`;
  if (harms.length === 0) {
    return `${file}: nothing is in the way of streams through ${proxy} ${version}.\n${end}\n`;
  }
  return `${[
    `${file} with ${proxy} ${version}:`,
    ...blamed.flatMap((one) => ['', one.harm.says, ...whose(one)]),
    '',
    ...(mended === undefined ? [] : [`A mended configuration: ${mended}`]),
    end,
  ].join('\n')}\n`;
}

function whose({ by, how }: Blamed): string[] {
  if (how === 'unknown') return ['  No directive that is known here mends it.'];
  if (how === 'together') {
    return [
      '  To blame together, since it takes all of these to mend it:',
      ...by.map((one) => `    ${found(one)} → ${describeChange(one)}`),
    ];
  }
  const [first, ...others] = by;
  if (first === undefined) return [];
  return [
    `  To blame: ${found(first)}. Mended by: ${describeChange(first)}.`,
    ...others.map((one) => `  Also mended by: ${describeChange(one)} (now: ${found(one)}).`),
  ];
}

const found = ({ directive, was }: Change): string =>
  was === undefined ? `${directive} is missing` : `${directive} ${was}`.trimEnd();
