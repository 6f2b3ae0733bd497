/** A gate's outcome as Markdown, for a comment on a pull request or the summary of a CI job. */
import type { GateRecord } from '../../core/records/gate.ts';
import { formatChange, formatPercent } from '../../core/units.ts';
import type { Unit } from '../metric.ts';
import { formatMetric } from '../metric.ts';
import { assertionWords, calibrationText, outcomeWords, stateWords } from './words.ts';

export interface MarkdownContext {
  readonly scenario: string;
  /** The command that does it again. */
  readonly command: string;
}

export function gateMarkdown(gate: GateRecord, { scenario, command }: MarkdownContext): string {
  const lines = [
    `### pushbench ${scenario}: ${outcomeWords[gate.outcome]}`,
    '',
    plain(gate.says),
    '',
  ];
  if (gate.findings.length > 0) {
    lines.push(
      '| | metric | base | head | change | 95 % interval | margin |',
      '|---|---|--:|--:|--:|---|--:|',
      ...gate.findings.map(({ state, metric, unit, base, head, ratio, low, high, margin }) =>
        row([
          stateWords[state],
          `\`${metric}\``,
          formatMetric(unit as Unit, base),
          formatMetric(unit as Unit, head),
          ratio === undefined ? '' : formatChange(ratio),
          low === undefined || high === undefined
            ? ''
            : `${formatChange(low)} … ${formatChange(high)}`,
          margin === 0 ? 'none' : formatPercent(margin),
        ]),
      ),
      '',
    );
  }
  if (gate.assertions.length > 0) {
    lines.push(
      '| | limit | |',
      '|---|---|---|',
      ...gate.assertions.map(({ state, text, says }) =>
        row([assertionWords[state], `\`${text}\``, plain(says)]),
      ),
      '',
    );
  }
  const notes = gate.findings.filter(({ state }) => state !== 'passed').map(({ says }) => says);
  for (const note of [...notes, ...calibrationText(gate.calibration)])
    lines.push(`- ${plain(note)}`);
  if (lines.at(-1)?.startsWith('- ') === true) lines.push('');
  lines.push(
    '<details><summary>again</summary>',
    '',
    '```sh',
    command,
    '```',
    '',
    '</details>',
    '',
  );
  return lines.join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** Names come from run files and the command line: they stay text. */
function plain(text: string): string {
  return text.replace(/[\\`*_{}[\]<>#|]/g, (character) => `\\${character}`);
}
