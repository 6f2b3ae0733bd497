/**
 * Temporary folders whose names say what they are for and whose they are, so that those of a killed run are
 * told from those in use, and the next run removes them.
 */
import { existsSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isGone, ownerOf } from './process-owner.ts';

/** For a certificate, a run for the API, the sockets between the processes of a server, a proxy, somebody else's server. */
const kinds = ['tls', 'run', 'server', 'route', 'target'] as const;
export type TemporaryKind = (typeof kinds)[number];

const NAME = new RegExp(`^pushbench-(${kinds.join('|')})-(\\d+-\\d+)-`);

/** @returns its path; whoever asked removes it */
export function createTemporaryFolder(kind: TemporaryKind): string {
  return mkdtempSync(join(tmpdir(), `pushbench-${kind}-${ownerOf(process.pid)}-`));
}

/** Those of these kinds whose process is gone. @returns their paths; none where there is no such place */
export function abandonedFolders(
  kindsOf: readonly TemporaryKind[],
  temporary = tmpdir(),
): readonly string[] {
  if (!existsSync(temporary)) return [];
  return readdirSync(temporary)
    .filter((name) => {
      const [, kind, owner] = NAME.exec(name) ?? [];
      return owner !== undefined && kindsOf.some((one) => one === kind) && isGone(owner);
    })
    .map((name) => join(temporary, name));
}
