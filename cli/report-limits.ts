/** Which option of a run allows a process more time for a report, for the sentence that says that it did not come. */

/** Reports whose limit is another one than `--reply-timeout`. */
const others: Readonly<Record<string, string>> = {
  ready: '--start-timeout',
  listening: '--start-timeout',
  'cannot-listen': '--start-timeout',
  relaying: '--start-timeout',
  routed: '--start-timeout',
  refused: '--start-timeout',
  connected: '--connect-timeout',
  // Of each process: that of its successor, and what the scenario grants a drain and the way back.
  rolled: '--start-timeout',
};

export function moreTimeFor(report: string): string {
  return (Object.hasOwn(others, report) ? others[report] : undefined) ?? '--reply-timeout';
}
