/**
 * Temporary folders whose names say what they are for and whose they are, so that those of a killed run are
 * told from those in use, and the next run removes them.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ownerOf } from './process-owner.ts';

/** A certificate, a run for the API, the sockets between the processes of a server, a proxy. */
export type TemporaryKind = 'tls' | 'run' | 'server' | 'route';

const NAME = /^pushbench-(tls|run|server|route)-(\d+-\d+)-/;

/** @returns its path; whoever asked removes it */
export function createTemporaryFolder(kind: TemporaryKind): string {
  return mkdtempSync(join(tmpdir(), `pushbench-${kind}-${ownerOf(process.pid)}-`));
}

/** Undefined where the name is none of ours. */
export function readTemporaryName(
  name: string,
): { readonly kind: TemporaryKind; readonly owner: string } | undefined {
  const [, kind, owner] = NAME.exec(name) ?? [];
  return owner === undefined ? undefined : { kind: kind as TemporaryKind, owner };
}
