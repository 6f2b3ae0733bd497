/** What other programs import as `pushbench`; docs/api.md shows how it is used. */
export * from './cli/package-exports.ts';
