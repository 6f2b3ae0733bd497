/** The name somebody probably meant. */
import { distance } from 'fastest-levenshtein';

/** The known names nearest to this one, nearest first. */
export function nearestFew(name: string, known: readonly string[], count: number): string[] {
  return [...known].sort((a, b) => distance(name, a) - distance(name, b)).slice(0, count);
}

/** The known name nearest to what was written; undefined when none is near. */
export function nearestOf(name: string, known: readonly string[]): string | undefined {
  const [best] = known
    .map((candidate) => ({
      candidate,
      edits: distance(name.toLowerCase(), candidate.toLowerCase()),
    }))
    .sort((a, b) => a.edits - b.edits);
  return best !== undefined && best.edits <= Math.max(2, name.length / 3)
    ? best.candidate
    : undefined;
}
