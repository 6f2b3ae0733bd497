/** A gate's outcome for a terminal. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { GateRecord } from '../../core/records/gate.ts';
import { formatChange, formatPercent } from '../../core/units.ts';
import { PLAIN_TABLE } from '../formats/plain-table.ts';
import type { Unit } from '../metric.ts';
import { formatMetric } from '../metric.ts';
import { assertionWords, calibrationText, outcomeWords, stateWords } from './words.ts';

export function gateTerminal(gate: GateRecord, { color }: { readonly color: boolean }): string {
  const { green, yellow, red, bold } = pc.createColors(color);
  const paint = { passed: green, 'same-build': green, unclear: yellow }[gate.outcome as string];
  const lines = [`${bold((paint ?? red)(outcomeWords[gate.outcome]))}  ${gate.says}`, ''];
  if (gate.findings.length > 0) {
    const table = new Table({
      ...PLAIN_TABLE,
      head: ['', 'metric', 'base', 'head', 'change', '95 % interval', 'margin'],
    });
    for (const { state, metric, unit, base, head, ratio, low, high, margin } of gate.findings) {
      table.push([
        stateWords[state],
        metric,
        formatMetric(unit as Unit, base),
        formatMetric(unit as Unit, head),
        ratio === undefined ? '' : formatChange(ratio),
        low === undefined || high === undefined
          ? ''
          : `${formatChange(low)} … ${formatChange(high)}`,
        margin === 0 ? 'none' : formatPercent(margin),
      ]);
    }
    lines.push(table.toString(), '');
    for (const { state, says } of gate.findings) if (state !== 'passed') lines.push(says);
  }
  for (const { state, says } of gate.assertions) lines.push(`${assertionWords[state]}  ${says}`);
  lines.push(...calibrationText(gate.calibration));
  return `${lines.join('\n').trimEnd()}\n`;
}
