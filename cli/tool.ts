/** What this tool is: its version, and the commit it was built from where there is one. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the package: sources are one level below it, compiled files two. */
export function packageFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return import.meta.url.endsWith('.ts') ? join(here, '..') : join(here, '..', '..');
}

export function toolVersion(): string {
  const text = readFileSync(join(packageFolder(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

/** The commit, with a plus when files differ from it; undefined outside a git checkout. */
export function toolCommit(): string | undefined {
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: packageFolder(),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  try {
    const commit = git('rev-parse', '--short=12', 'HEAD');
    return git('status', '--porcelain', '--untracked-files=no') === '' ? commit : `${commit}+`;
  } catch {
    // No git, or a package installed from a registry: the version says it.
    return undefined;
  }
}

/** Versions of the packages whose behaviour is part of what is measured. */
export function measuredPackages(): Record<string, string> {
  const require = createRequire(import.meta.url);
  return Object.fromEntries(
    ['ws', 'undici'].map((name) => {
      const text = readFileSync(require.resolve(`${name}/package.json`), 'utf8');
      return [name, (JSON.parse(text) as { version: string }).version];
    }),
  );
}
