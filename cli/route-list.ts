/** The routes and proxies as `list` and `doctor` show them. */
import { reasonOf } from '../core/errors.ts';
import { findBinary, installCommand, versionOf } from '../proxies/binary.ts';
import type { ProxyProgram } from '../proxies/proxy.ts';
import { proxies } from '../proxies/registry.ts';

const all: readonly ProxyProgram[] = Object.values<ProxyProgram>(proxies);

/** Each with what it is; what a proxy can be told is in docs/routes.md and in the JSON. */
export const routeRows: readonly (readonly [string, string])[] = [
  ['direct', 'nothing in between'],
  ...all.map(({ name, title, packages }): readonly [string, string] => [
    name,
    `a real ${title} on this machine, started for each trial (Debian: ${packages.debian})`,
  ]),
  [
    'relay:delay=40ms,jitter=5ms,bandwidth=2MiB/s',
    'a relay of TCP that delays and narrows every connection, each way; it cannot lose packets',
  ],
  ['url:https://…', 'clients connect there; what is there passes everything on to --port'],
];

/** With all that can be set with `--proxy-set`. */
export const describeProxies = () =>
  all.map(({ name, title, binaries, packages, presets, directives }) => ({
    name,
    title,
    binaries,
    packages,
    presets,
    directives: Object.entries(directives).map(
      ([directive, { kind, default: otherwise, help, since }]) => ({
        directive,
        takes: kind.takes,
        default: otherwise,
        help,
        since,
      }),
    ),
  }));

/** Of each proxy whether it is there, in which version, and how it is installed. */
export function examineProxies(path: string | undefined, platform: NodeJS.Platform) {
  return Promise.all(
    all.map(async (proxy) => {
      const base = { id: `route-${proxy.name}`, title: `route through ${proxy.title}` };
      const binary = findBinary(proxy, path);
      if (binary === undefined) {
        const fix = `for --route ${proxy.name}: ${installCommand(proxy, platform)}`;
        return { ...base, state: 'limited', found: 'not installed', fix } as const;
      }
      try {
        const version = await versionOf(proxy, binary);
        return { ...base, state: 'good', found: `${version} (${binary})` } as const;
      } catch (error) {
        const fix = `for --route ${proxy.name}: install it anew`;
        return { ...base, state: 'limited', found: reasonOf(error), fix } as const;
      }
    }),
  );
}
