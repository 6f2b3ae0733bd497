/** Every rule that a trial is judged by is in docs/method.md, with its limits. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { formatParam } from '../../core/params.ts';
import type { Rule } from '../../loadgen/validity.ts';
import { rules } from '../../loadgen/validity.ts';
import { beatRules } from '../../loadgen/validity-beat.ts';
import { faultRules } from '../../loadgen/validity-fault.ts';
import { restRules } from '../../loadgen/validity-rest.ts';
import { stallRules } from '../../loadgen/validity-stall.ts';
import { targetRules } from '../../loadgen/validity-target.ts';

const rows = readFileSync(join(import.meta.dirname, '../../docs/method.md'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('|'));
const all = [rules, faultRules, stallRules, restRules, beatRules, targetRules].flat();

/** Those that depend on the trial are in words, which nothing can compare. */
function limitsOf({ bad, unit, suspect, invalid }: Rule): string[] {
  const sign = bad === 'above' ? '>' : '<';
  const text = (limit: number): string => {
    if (unit === 'share') return formatParam({ type: 'share' }, limit).replace('%', ' %');
    return unit === 'ratio' ? `${limit} ×` : String(limit);
  };
  return [suspect, invalid].flatMap((limit) =>
    typeof limit === 'number' ? [`${sign} ${text(limit)}`] : [],
  );
}

test.each(all.map((rule) => ({ id: rule.id, limits: limitsOf(rule) })))(
  '$id is in the table, with $limits',
  ({ id, limits }) => {
    const named = rows.filter((row) => row.split('|')[1]?.includes(`\`${id}\``));
    const cells = named.map((row) => row.split('|').map((cell) => cell.trim()));
    expect(named, id).not.toEqual([]);
    expect(cells).toContainEqual(
      expect.arrayContaining(limits.map((limit) => expect.stringContaining(limit))),
    );
  },
);
