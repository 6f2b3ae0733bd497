/** A gate's outcome for a terminal. */
import Table from 'cli-table3';
import pc from 'picocolors';
import type { GateRecord } from '../../core/records/gate.ts';
import { PLAIN_TABLE } from '../formats/plain-table.ts';
import {
  assertionWords,
  calibrationText,
  findingCells,
  findingColumns,
  outcomeWords,
} from './words.ts';

export function gateTerminal(gate: GateRecord, { color }: { readonly color: boolean }): string {
  const { green, yellow, red, bold } = pc.createColors(color);
  const paint = { passed: green, 'same-build': green, unclear: yellow }[gate.outcome as string];
  const lines = [`${bold((paint ?? red)(outcomeWords[gate.outcome]))}  ${gate.says}`, ''];
  if (gate.findings.length > 0) {
    const table = new Table({
      ...PLAIN_TABLE,
      head: [...findingColumns],
    });
    for (const finding of gate.findings) table.push(findingCells(finding));
    lines.push(table.toString(), '');
    for (const { state, says } of gate.findings) if (state !== 'passed') lines.push(says);
  }
  for (const { state, says } of gate.assertions) lines.push(`${assertionWords[state]}  ${says}`);
  lines.push(...calibrationText(gate.calibration));
  return `${lines.join('\n').trimEnd()}\n`;
}
