/** What an export format is: a way to hand a run to another program. A run is only read, and never measured again. */
import type { RunResult } from '../../core/result.ts';

/** Where an export goes. */
export type Destination = 'file' | 'folder' | 'address';

export interface ExportFormat {
  readonly destination: Destination;
  /** One line for `--help`. */
  readonly help: string;
  /** Name beside the run file where nothing else is said; undefined where somebody has to say it. */
  readonly name: string | undefined;
  /** What is wrong with a destination, known before minutes are spent on a run. */
  problemWith?(to: string): string | undefined;
  /**
   * Hands the run over.
   * @param to an absolute path, or an address as it was given
   * @returns what was written, or who has it now
   * @throws HarnessError `export-not-written` or `collector-unreachable`
   */
  write(run: RunResult, to: string): Promise<readonly string[]>;
}
