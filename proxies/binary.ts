/** Where the program of a proxy is, which version it is, and how it is installed. */
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { fault, reasonOf } from '../core/errors.ts';
import type { ProxyProgram } from './proxy.ts';

const TIMEOUT_MS = 10_000;

/**
 * Its absolute path; undefined where it is not installed.
 * @param path as in the environment variable PATH; beside each `bin` its `sbin` is looked into, where servers
 * are and the PATH of an ordinary user does not lead
 */
export function findBinary(proxy: ProxyProgram, path: string | undefined): string | undefined {
  const folders = (path ?? '').split(delimiter).filter((folder) => folder !== '');
  const servers = folders.map((folder) => folder.replace(/\/bin\/?$/, '/sbin'));
  for (const name of proxy.binaries) {
    const found = [...new Set([...folders, ...servers])]
      .map((folder) => join(folder, name))
      .find(isExecutable);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The command that installs it here. */
export function installCommand({ packages }: ProxyProgram, platform: NodeJS.Platform): string {
  return platform === 'darwin'
    ? `brew install ${packages.homebrew}`
    : `apt-get install ${packages.debian}`;
}

/** @throws HarnessError `proxy-unusable` */
export async function versionOf(proxy: ProxyProgram, binary: string): Promise<string> {
  const { args, pattern } = proxy.version;
  try {
    // nginx says it on stderr.
    const { stdout, stderr } = await promisify(execFile)(binary, [...args], {
      timeout: TIMEOUT_MS,
    });
    const version = pattern.exec(`${stdout}\n${stderr}`)?.[1];
    if (version !== undefined) return version.replace(/\.$/, '');
    throw new Error('it does not say which version it is');
  } catch (error) {
    const [why = ''] = reasonOf(error).split('\n');
    throw fault('proxy-unusable', { proxy: proxy.title, binary, why });
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not a program for us.
    return false;
  }
}
