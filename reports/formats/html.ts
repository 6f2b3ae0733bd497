import type { RunResult } from '../../core/result.ts';
export function renderHtml(run: RunResult): string {
  return run.id;
}
