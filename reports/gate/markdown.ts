/** A gate's outcome as Markdown, for a comment on a pull request or the summary of a CI job. */
import type { GateRecord } from '../../core/records/gate.ts';
import {
  assertionWords,
  calibrationText,
  findingCells,
  findingColumns,
  limitText,
  outcomeWords,
} from './words.ts';

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
      row(findingColumns).replace('  ', ' '),
      '|---|---|--:|--:|--:|---|--:|',
      ...gate.findings.map((one) => row(findingCells(one, (name) => `\`${name}\``))),
      '',
    );
  }
  if (gate.assertions.length > 0) {
    lines.push(
      '| | limit | |',
      '|---|---|---|',
      ...gate.assertions.map((one) =>
        row([assertionWords[one.state], `\`${limitText(one)}\``, plain(one.says)]),
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
