/** How a connection ended, in the words of a cell. */
import type { End } from '../../core/records/probe.ts';

export function connectionEnd(end: End): string {
  switch (end.how) {
    case 'close-frame':
      return `close code ${end.code}`;
    case 'complete':
      return 'a complete answer, as if the stream were over';
    case 'fin':
      return 'TCP ends in the middle of the protocol';
    case 'reset':
      return 'TCP is reset';
    case 'swallowed':
      return 'nobody is told';
    case 'open':
      return 'it seems open';
    case 'broken':
      return end.why;
  }
}
