/**
 * The chart libraries as text, to be put into the page so that it opens from a disk without a network:
 * each with its licence, which has to travel with copies.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Each builds on the ones before it; both of a pair lie in the folder of the entry point. */
const LIBRARIES = [
  ['vega', 'vega.min.js'],
  ['vega-lite', 'vega-lite.min.js'],
  ['vega-embed', 'vega-embed.min.js'],
] as const;

/** One script per library, in the order in which they have to run. */
export function chartLibraries(): string[] {
  const { resolve } = createRequire(import.meta.url);
  return LIBRARIES.map(([name, file]) => {
    const folder = dirname(resolve(name));
    const licence = readFileSync(join(folder, '..', 'LICENSE'), 'utf8').replaceAll('*/', '* /');
    return `/*! ${name}\n${licence}*/\n${inlineScript(readFileSync(join(folder, file), 'utf8'))}`;
  });
}

/**
 * A script as it may stand between script tags. In strings and regular expressions, the only places
 * where a library can hold these texts, the added backslash changes nothing.
 */
export function inlineScript(source: string): string {
  return source
    .replace(/<\/(script)/gi, '<\\/$1')
    .replace(/<!--/g, '<\\!--')
    .replace(/^\/\/# sourceMappingURL=.*$/gm, '');
}
