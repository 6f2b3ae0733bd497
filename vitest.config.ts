/**
 * Kinds of tests, apart because they need different things: nothing, the build, a browser, the cores to
 * themselves, or time. `npm test` runs all but the last.
 */
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.ts';

/** In a browser or over before anything is measured: nobody minds another one beside it. */
const pages = [
  'bad-input',
  'demo',
  'demo-command',
  'history',
  'probe',
  'probe-refusals',
  'report',
  'tail-send',
  'view',
  'view-command',
].map((name) => `test/e2e/${name}.test.ts`);

/** Nothing else of ours may run on the machine meanwhile. */
const alone = ['killed'].map((name) => `test/e2e/${name}.test.ts`);

export default defineConfig({
  test: {
    globalSetup: './test/build.ts',
    reporters: ['default', './test/plain-summary.ts'],
    // A busy machine gets to it when it gets to it; what never comes is found out all the same.
    expect: { poll: { timeout: 15_000 } },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/*.test.ts', 'test/unit/**/*.test.ts'],
          maxWorkers: 2,
          // A module is loaded once for all files; what a test changes it puts back.
          isolate: false,
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'conformance',
          include: ['test/conformance/**/*.test.ts'],
          maxWorkers: 2,
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'pages',
          sequence: { groupOrder: 1 },
          include: pages,
          maxWorkers: 2,
          testTimeout: 90_000,
        },
      },
      {
        // These start the real program, and assert what is counted: two beside each other, which half of them wait.
        extends: true,
        test: {
          name: 'e2e',
          sequence: { groupOrder: 2 },
          include: ['test/e2e/**/*.test.ts'],
          exclude: [...pages, ...alone],
          maxWorkers: 2,
          testTimeout: 90_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          sequence: { groupOrder: 3 },
          include: alone,
          fileParallelism: false,
          testTimeout: 90_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'truth',
          sequence: { groupOrder: 4 },
          include: ['test/truth/**/*.test.ts'],
          fileParallelism: false,
          testTimeout: 120_000,
        },
      },
    ],
  },
});
