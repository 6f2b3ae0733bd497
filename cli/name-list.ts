/** Names in an option that takes several of a list, as in `--measure head,delay`. */
import { fault } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';

/**
 * Those that were named, as they were written; where nothing was given, all that there are.
 * @throws HarnessError `unknown-name`
 */
export function chosenOf<Name extends string>(
  what: string,
  text: string | undefined,
  known: readonly Name[],
): readonly Name[] {
  if (text === undefined) return known;
  return text.split(',').map((part) => {
    const name = part.trim();
    const found = known.find((one) => one === name);
    if (found !== undefined) return found;
    throw fault('unknown-name', { what, name, nearest: nearestOf(name, known), known });
  });
}
