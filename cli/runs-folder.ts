/** Where runs, studies and what was tuned are kept, and what their folders are called. */
import { join, resolve } from 'node:path';
import { packageFolder } from './tool.ts';

/** Where nothing else is said: below the folder of the package. */
export const defaultRuns = (): string => join(packageFolder(), 'reports', 'runs');

/** @param given the folder as somebody wrote it */
export const runsFolder = (given: string | undefined): string => resolve(given ?? defaultRuns());

/** @returns such as 20260102T030405-broadcast: ids in order of their letters are in order of time */
export const idOf = (startedAt: Date, name: string): string =>
  `${startedAt.toISOString().replace(/[-:]/g, '').replace(/\..*/, '')}-${name}`;
