/** The findings, by what they are about. To add one: a file beside this one, and a line here. */
import type { RunResult } from '../../core/result.ts';
import type { Finding } from './finding.ts';

const findings: Readonly<Record<string, Finding>> = {};

/** Those that a run has something to say about. */
export function findingsOf(run: RunResult): readonly Finding[] {
  return Object.values(findings).filter((finding) => finding.applies(run));
}

/** What they answer, in sentences. */
export function answersOf(run: RunResult): string[] {
  return findingsOf(run).flatMap((finding) => finding.answer(run));
}
