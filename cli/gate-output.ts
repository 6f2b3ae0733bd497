/** What a gate decided, to everybody who wants to know: the terminal, files, the CI job and the exit code. */
import { appendFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { exitCodes, reasonOf } from '../core/errors.ts';
import type { GateRecord } from '../core/records/gate.ts';
import { checkDocument } from '../reports/gate/check-document.ts';
import { gateJunit } from '../reports/gate/junit.ts';
import { gateMarkdown } from '../reports/gate/markdown.ts';
import { gateTerminal } from '../reports/gate/terminal.ts';
import { writeNamed } from '../reports/run-file.ts';
import type { GatePlan } from './gate-plan.ts';
import type { Io } from './io.ts';

/** Writes what was asked for and says how it went. */
export function finishGate(
  { scenario, flags, command }: GatePlan,
  record: GateRecord,
  folder: string | undefined,
  io: Io,
): number {
  const markdown = gateMarkdown(record, { scenario: scenario.name, command });
  if (flags.markdown !== undefined) writeNamed(resolve(flags.markdown), markdown);
  if (flags.junit !== undefined) writeNamed(resolve(flags.junit), gateJunit(record, scenario.name));
  const summary = io.env['GITHUB_STEP_SUMMARY'];
  if (summary !== undefined && summary !== '') {
    try {
      appendFileSync(summary, markdown);
    } catch (error) {
      // The verdict matters more than where else it is shown.
      io.err(`The job summary ${summary} cannot be written: ${reasonOf(error)}.\n`);
    }
  }
  const exitCode = exitCodeOf(record, flags.strict === true);
  if (flags.json === true) {
    const runFile = folder === undefined ? undefined : join(folder, 'run.json');
    io.out(`${JSON.stringify(checkDocument(scenario.name, exitCode, record, runFile))}\n`);
  } else {
    io.out(gateTerminal(record, { color: io.color }));
    if (folder !== undefined) io.out(`\nreport  ${join(folder, 'report.html')}\n`);
  }
  return exitCode;
}

function exitCodeOf({ outcome }: GateRecord, strict: boolean): number {
  switch (outcome) {
    case 'regressed':
    case 'broken':
    case 'no-data':
      return exitCodes.failed;
    case 'unclear':
      return strict ? exitCodes.invalid : exitCodes.passed;
    default:
      return exitCodes.passed;
  }
}
