/** The pages behind the list: the report of a run, a comparison, and a page that says what went wrong. */
import { lstat, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { renderComparisonPage } from '../compare/page.ts';
import { compareRuns } from '../compare/runs-comparison.ts';
import { renderHtml } from '../formats/html.ts';
import { html, Markup } from '../html/markup.ts';
import { style } from '../html/style.ts';
import { readRunFile } from '../run-file.ts';

export const REPORT_FILE = 'report.html';

/**
 * The report as bench wrote it; made from the run file where there is none, or where the run has gone on
 * since.
 * @throws HarnessError when the run file cannot be read
 */
export async function reportOf(runFile: string): Promise<string> {
  const report = join(dirname(runFile), REPORT_FILE);
  const written = await writtenAfter(report, runFile);
  return written ? await readFile(report, 'utf8') : renderHtml(readRunFile(runFile));
}

async function writtenAfter(report: string, runFile: string): Promise<boolean> {
  try {
    const [one, other] = await Promise.all([lstat(report), lstat(runFile)]);
    return one.isFile() && one.mtimeMs >= other.mtimeMs;
  } catch {
    // One of them is not there; whoever reads the run file says which.
    return false;
  }
}

/**
 * The first run is what the others are held against.
 * @throws HarnessError where they cannot be compared
 */
export function comparisonOf(runFiles: readonly string[], anyway: boolean): string {
  const runs = runFiles.map(readRunFile);
  return renderComparisonPage(runs, compareRuns(runs, { anyway }));
}

/** @param home where the list is */
export function problemPage(title: string, says: string, hint: string, home: string): string {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>${title} · pushbench</title><style>${new Markup(style)}</style></head>
<body><main><h1>${title}</h1><p class="alarm" role="alert">${says}</p><p>${hint}</p><p><a href="${home}">All runs</a></p></main></body></html>
`.toString();
}
