/**
 * Reads target files, and says in words what is wrong with one. Nothing is started here: what can be known
 * from the file alone is said before minutes are spent.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fault, reasonOf } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { LoadedTarget } from '../core/target.ts';
import { targetSchema } from '../core/target.ts';
import type { PushbenchConfig } from './config.ts';
import { problemOfTarget } from './target-problems.ts';
import { loadUserModule } from './user-module.ts';
import { unknownField, wordsFor } from './zod-words.ts';

/** The name of our own server among targets. */
export const BUILT_IN = 'built-in';

/** One of the servers that a run compares. */
export interface TargetChoice {
  readonly name: string;
  readonly title: string;
  /** Left out: ours. */
  readonly target?: LoadedTarget;
  /** Of the text of its file. */
  readonly hash?: string;
}

export const builtIn: TargetChoice = { name: BUILT_IN, title: 'the built-in server' };

/** A target that has been read from its file. */
export type FileChoice = TargetChoice & {
  readonly target: LoadedTarget;
  readonly hash: string;
};

export interface TargetPlaces {
  /** What paths are relative to. */
  readonly folder: string;
  /** Short names of the configuration, and the paths that they stand for. */
  readonly named: Readonly<Record<string, string>>;
}

/** Where the command was typed, with the short names of the configuration that lies there. */
export function placesOf({ targets = {} }: PushbenchConfig): TargetPlaces {
  return { folder: process.cwd(), named: targets };
}

/**
 * What `--target` names; ours alone where it is left out.
 * @throws HarnessError `unknown-name`, `target-unusable`, `bad-value`
 */
export async function loadTargets(
  text: string | undefined,
  places: TargetPlaces,
  flag = '--target',
): Promise<readonly TargetChoice[]> {
  if (text === undefined) return [builtIn];
  const names = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (names.length === 0) {
    throw fault('bad-value', { flag, problem: `'${text}' names no target; write ${flag} FILE` });
  }
  const choices: TargetChoice[] = [];
  for (const name of names) {
    const choice = name === BUILT_IN ? builtIn : await loadTarget(name, places);
    const twin = choices.find((other) => other.name === choice.name);
    if (twin !== undefined) {
      throw fault('bad-value', {
        flag,
        problem: `two targets are named '${choice.name}'; give each a name of its own`,
      });
    }
    choices.push(choice);
  }
  return choices;
}

/**
 * One target, by the path of its file or its short name.
 * @throws HarnessError `unknown-name` where there is no such file, `target-unusable` for what is in it
 */
export async function loadTarget(
  name: string,
  { folder, named }: TargetPlaces,
): Promise<FileChoice> {
  const path = resolve(folder, (Object.hasOwn(named, name) ? named[name] : undefined) ?? name);
  if (!existsSync(path) || statSync(path).isDirectory()) {
    if (Object.hasOwn(named, name)) {
      throw fault('target-unusable', {
        path,
        problem: `there is no such file, though the configuration names it '${name}'`,
      });
    }
    const known = [...Object.keys(named), BUILT_IN];
    const nearest = nearestOf(name, known);
    if (!/[./\\]/.test(name) && (nearest !== undefined || known.length > 1)) {
      throw fault('unknown-name', { what: 'target', name, nearest, known });
    }
    throw fault('target-unusable', {
      path,
      problem: existsSync(path) ? 'it is a folder' : 'there is no such file',
      hint: 'Give the path of the target file; docs/targets.md shows how to write one.',
    });
  }
  const text = readFileSync(path, 'utf8');
  return checkTarget(await valueIn(path, text), path, hashOf(text));
}

/** The default export of a module, or the module itself. */
async function valueIn(path: string, text: string): Promise<unknown> {
  if (path.endsWith('.json')) {
    try {
      return JSON.parse(text);
    } catch (error) {
      throw fault('target-unusable', { path, problem: `it is no JSON (${reasonOf(error)})` });
    }
  }
  const loaded = await loadUserModule(path, ['.json']);
  if ('problem' in loaded) throw fault('target-unusable', { path, problem: loaded.problem });
  return loaded.exports['default'] ?? loaded.exports;
}

/**
 * Checks what a file holds, or what a program hands over.
 * @param path of the file; commands run in its folder unless it says otherwise
 * @throws HarnessError `target-unusable`
 */
export function checkTarget(
  value: unknown,
  path: string,
  hash = hashOf(JSON.stringify(value) ?? ''),
): FileChoice {
  const unusable = (problem: string): Error => fault('target-unusable', { path, problem });
  if (!isLikeTarget(value)) {
    throw unusable('it is no target file: it has none of sse, ws and publish');
  }
  const parsed = targetSchema.safeParse(value, { error: unknownField });
  if (!parsed.success) throw unusable(wordsFor(parsed.error, 'it is no target'));
  const { data } = parsed;
  const problem = problemOfTarget(data);
  if (problem !== undefined) throw unusable(problem);
  const cwd = resolve(dirname(path), data.cwd ?? '.');
  if (!existsSync(cwd) || !statSync(cwd).isDirectory()) {
    throw unusable(`cwd: there is no folder ${cwd}`);
  }
  return {
    name: data.name,
    title: data.title ?? data.name,
    target: { ...data, cwd, file: path },
    hash,
  };
}

/** A package.json has fields of the same names; what says nothing about a server was never meant to be one. */
function isLikeTarget(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return true;
  const fields = Object.keys(value);
  const says = ['sse', 'ws', 'publish', 'start'].some((field) => fields.includes(field));
  return says || fields.every((field) => Object.hasOwn(targetSchema.shape, field));
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
