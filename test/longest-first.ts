/** Starts the longest files first, so that none runs alone at the end. A fresh checkout has no times of an earlier run. */
import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** Those that take longest, the longest first: by name, without `.test.ts`. */
const long = [
  'readme',
  'bench',
  'round-trips',
  'scenarios',
  'target',
  'targets-third-party',
  'demo',
  'report',
  'bad-input',
  'view',
  'stress-restart',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => rankOf(a) - rankOf(b));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  const at = long.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  return at === -1 ? long.length : at;
}
