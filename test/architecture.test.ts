/** The rules of the layers, as a table: a broken one is named with the file and the line to change. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, test } from 'vitest';

/** What each folder may import of ours besides itself. */
const layers: Readonly<Record<string, readonly string[]>> = {
  core: [],
  transports: ['core'],
  proxies: ['core'],
  servers: ['core', 'transports'],
  loadgen: ['core', 'transports', 'proxies'],
  scenarios: ['core'],
  reports: ['core'],
  cli: ['core', 'transports', 'proxies', 'servers', 'loadgen', 'scenarios', 'reports'],
};

/** Files outside cli/ that may touch the process, and why. */
const mayTouchProcess: Readonly<Record<string, string>> = {
  'core/child.ts': 'the end of a child whose controller is gone is decided here',
  'servers/main.ts': 'a process of its own: its arguments and its end',
  'servers/cluster-main.ts': 'a process of its own: its arguments and its end',
  'servers/target-main.ts': 'a process of its own: its arguments, its end and its last words',
  'loadgen/worker.ts': 'a process of its own: its arguments and its end',
  'loadgen/relay-main.ts': 'a process of its own: its arguments and its end',
  'loadgen/routes/keeper-main.ts': 'a process of its own: its arguments and its end',
  'loadgen/clock-echo.ts': 'a process of its own: its arguments',
  'loadgen/yardstick.ts': 'a process of its own: its arguments and its one answer',
  'loadgen/control-broadcast.ts': 'a frozen script of its own, which imports nothing',
};

/** Folders in which every file must be named in the registry beside it. */
const registries: Readonly<
  Record<string, { readonly registry: string; readonly members: RegExp }>
> = {
  transports: { registry: 'transports/registry.ts', members: /^transports\/[^/]+\/index\.ts$/ },
  scenarios: { registry: 'scenarios/registry.ts', members: /^scenarios\/(?!registry)[^/]+\.ts$/ },
  phases: {
    registry: 'loadgen/phases/registry.ts',
    members: /^loadgen\/phases\/(?!registry)[^/]+\.ts$/,
  },
  proxies: {
    registry: 'proxies/registry.ts',
    members: /^proxies\/(nginx|haproxy|caddy|apache)\.ts$/,
  },
  measures: {
    registry: 'loadgen/study/registry.ts',
    // What beats is made for the intervals that somebody names.
    members: /^loadgen\/study\/measures\/(?!beat)[^/]+\.ts$/,
  },
  exports: {
    registry: 'reports/export/registry.ts',
    members: /^reports\/export\/formats\/[^/]+\.ts$/,
  },
  metrics: {
    registry: 'reports/metrics/registry.ts',
    members: /^reports\/metrics\/(?!registry)[^/]+\.ts$/,
  },
};

const root = join(import.meta.dirname, '..');
const files = Object.keys(layers).flatMap((layer) =>
  readdirSync(join(root, layer), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => `${layer}/${name}`),
);
const sourceOf = (file: string): string => readFileSync(join(root, file), 'utf8');
/** Without comments, so that a rule may be explained where it holds. */
const codeOf = (file: string): string =>
  sourceOf(file)
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');

function importsOf(file: string): string[] {
  return [...sourceOf(file).matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)].map((match) =>
    normalize(join(dirname(file), match[1] ?? '')),
  );
}

describe('the architecture', () => {
  test.each(files)('%s imports only from its own layer and those below', (file) => {
    const [layer = ''] = file.split('/');
    const allowed = [layer, ...(layers[layer] ?? [])];
    const wrong = importsOf(file).filter((target) => !allowed.includes(target.split('/')[0] ?? ''));
    expect(wrong).toEqual([]);
  });

  test.each(
    files.filter((file) => !file.startsWith('cli/') && mayTouchProcess[file] === undefined),
  )('%s leaves arguments, exit codes and standard streams to the command line', (file) => {
    expect(codeOf(file)).not.toMatch(
      /process\.(argv|exit\b|exitCode|stdout|stderr|stdin)|console\./,
    );
  });

  test.each(files)('%s opens by saying what it is', (file) => {
    expect(sourceOf(file).replace(/^#!.*\n/, '')).toMatch(/^\/\*\*/);
  });

  test.each(files)('%s is short enough to be read at one go', (file) => {
    expect(sourceOf(file).split('\n').length).toBeLessThanOrEqual(400);
  });

  for (const [name, { registry, members }] of Object.entries(registries)) {
    test.each(files.filter((file) => members.test(file)))(
      `%s has its line in the registry of ${name}`,
      (file) => {
        expect(importsOf(registry), `add a line for ${file} to ${registry}`).toContain(file);
      },
    );
  }

  test('the control is the one that earlier runs were held against', () => {
    // Changing it makes all earlier control figures incomparable. If that is meant: a line in the
    // CHANGELOG, and the new hash here.
    const hash = createHash('sha256')
      .update(sourceOf('loadgen/control-broadcast.ts'))
      .digest('hex');
    expect(importsOf('loadgen/control-broadcast.ts')).toEqual([]);
    expect(hash.slice(0, 16)).toBe('424706ea66d5d4f0');
  });
});
