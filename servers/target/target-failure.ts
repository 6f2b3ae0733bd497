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

/**
 * Of a command that failed, the line that says why: many print a stack or their version below it.
 * The first that is an error; where none is, the last line.
 */
export function errorLine(words: string): string {
  const lines = words.split('\n').map((line) => line.trim());
  const error = lines.find((line) => ERROR_LINE.test(line));
  return error === undefined ? lastLine(words) : `: ${shorten(error)}`;
}

/** `SyntaxError: …`, `Error [ERR_X]: …`, `java.io.IOException: …`, `panic: …`, `error: …`. */
const ERROR_LINE = /^(?:[\w$.]*(?:Error|Exception)(?: \[\w+\])?:|(?:panic|error|fatal)\b.*?:)/;

const LONGEST = 300;

const shorten = (line: string): string =>
  line.length <= LONGEST ? line : `${line.slice(0, LONGEST)}…`;
