/** What is refused: the fault with its words, its hint and its exit code. Anything else fails the test. */
import { HarnessError } from '../core/errors.ts';

/** @throws what is thrown and is no refusal; Error where nothing is */
export function refusalOf(act: () => unknown): HarnessError {
  try {
    act();
  } catch (error) {
    if (error instanceof HarnessError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

/** The same of what takes its time. */
export async function refusalFrom(acting: Promise<unknown>): Promise<HarnessError> {
  try {
    await acting;
  } catch (error) {
    if (error instanceof HarnessError) return error;
    throw error;
  }
  throw new Error('it was not refused');
}
