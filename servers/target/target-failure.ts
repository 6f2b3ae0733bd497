/**
 * What went wrong with somebody else's server, as a whole sentence about it. The process that drives the
 * server ends with it; whoever started that process shows the sentence and not the process.
 */
export class TargetFailure extends Error {
  override readonly name = 'TargetFailure';
  /** What the server had printed last. */
  readonly lastWords: string;

  constructor(message: string, lastWords = '') {
    super(message);
    this.lastWords = lastWords;
  }
}

/** The last line that says anything, as the end of a sentence; '' where there is none. */
export function lastLine(words: string): string {
  const lines = words.split('\n').map((line) => line.trim());
  const last = lines.findLast((line) => line !== '');
  return last === undefined ? '' : `: ${shorten(last)}`;
}

const LONGEST = 300;

const shorten = (line: string): string =>
  line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}…`;
