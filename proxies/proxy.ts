/**
 * A real proxy as data: how it is found and started, what it can be told, and how it is told. It runs
 * unprivileged and in the foreground, from a folder of its own, and listens on loopback.
 *
 * A configuration is a template. What is different in every trial stands in it as a placeholder, so that
 * its text, and the hash of it, are the same in all of them:
 *
 *     {listen}       address and port for clients        {connections}  clients that there is to be room for
 *     {upstream}     address and port of the server      {sockets}      connections on both sides together
 *     {folder}       temporary folder, for all files     {processes}    {connections} by 25 threads each
 *     {cert} {key}   certificate and key, PEM            {pem}          both in one file
 *     {modules}      folder of the proxy's modules
 */
import type { Directives, Values } from './directive.ts';

export const presetNames = ['stock', 'recommended'] as const;
export type PresetName = (typeof presetNames)[number];

/** Paths of one instance. */
export interface Place {
  readonly folder: string;
  /** Of the configuration, in the folder. */
  readonly config: string;
}

export interface ProxyProgram {
  readonly name: string;
  readonly title: string;
  /** Names of the program; the first that is there counts. */
  readonly binaries: readonly string[];
  /** Packages that bring it. */
  readonly packages: { readonly debian: string; readonly homebrew: string };
  readonly version: { readonly args: readonly string[]; readonly pattern: RegExp };
  readonly directives: Directives;
  /** `stock`: what a newcomer's minimal configuration says. `recommended`: where to start from. */
  readonly presets: Readonly<Record<PresetName, Values>>;
  /** Name of the file of the configuration. */
  readonly configName: string;
  /** Folders with its modules, of which the first that is there counts; left out: it has none. */
  readonly moduleFolders?: readonly string[];
  /** The template. @param tls whether clients are to be spoken with over TLS */
  config(values: Values, tls: boolean): string;
  /** Arguments with which it reads the configuration, says what is wrong with it, and ends. */
  check(place: Place): readonly string[];
  /** Arguments with which it stays in the foreground. */
  run(place: Place): readonly string[];
  readonly env?: (place: Place) => Readonly<Record<string, string>>;
  /** How it reads its configuration again: a signal to the first process, or a command of its own. */
  reload(place: Place): { readonly signal: NodeJS.Signals } | { readonly args: readonly string[] };
  /** Whether a reload replaces its processes. */
  readonly replacesProcesses: boolean;
  /** What ends it. */
  readonly stop: NodeJS.Signals;
}

/** Ties the presets to the names of the directives. */
export function defineProxy<const D extends Directives>(
  proxy: Omit<ProxyProgram, 'directives' | 'presets'> & {
    readonly directives: D;
    readonly presets: Readonly<
      Record<PresetName, Readonly<Partial<Record<keyof D & string, string>>>>
    >;
  },
): ProxyProgram {
  return proxy as ProxyProgram;
}
