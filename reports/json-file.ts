/** JSON files of ours: read back only when they are what they should be. */
import { readFileSync } from 'node:fs';
import type { ZodError, ZodType } from 'zod';
import { fault, reasonOf } from '../core/errors.ts';

export interface JsonKind<T> {
  /** What such a file holds: 'run'. */
  readonly name: string;
  readonly schema: ZodType<T>;
  /** Of the schema: later ones are refused by name. */
  readonly version: number;
  /** What to do about one that is no JSON. */
  readonly hint?: string;
}

/** @throws HarnessError `run-file-unreadable`, saying what is wrong with it and what to do about that */
export function readJsonFile<T>(path: string, kind: JsonKind<T>): T {
  const value = parse(path, textOf(path), kind);
  const parsed = kind.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw strange(path, value, parsed.error, kind);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw fault('run-file-unreadable', {
      path,
      why: missing ? 'there is no such file' : reasonOf(error),
    });
  }
}

function parse(path: string, text: string, { hint }: Pick<JsonKind<unknown>, 'hint'>): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw fault('run-file-unreadable', {
      path,
      why:
        text.trim() === ''
          ? 'it is empty, and no JSON'
          : `it is cut off, damaged, or no JSON at all (${reasonOf(error)})`,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}

/** JSON, and not what this version knows under that name. */
function strange(
  path: string,
  value: unknown,
  error: ZodError,
  { name, version }: Pick<JsonKind<unknown>, 'name' | 'version'>,
) {
  const schema = (value as { readonly schema?: unknown } | null)?.schema;
  if (typeof schema === 'number' && schema > version) {
    return fault('run-file-unreadable', {
      path,
      why: `a later version of pushbench wrote it (its schema is ${schema}, this one reads ${version})`,
      hint: 'Use that version, or a later one.',
    });
  }
  if (typeof schema !== 'number') {
    const why = `it has no schema number, so it is no ${name}`;
    return fault('run-file-unreadable', { path, why });
  }
  const [issue] = error.issues;
  const where = issue?.path.join('.') ?? '';
  return fault('run-file-unreadable', {
    path,
    why: `${where}: ${issue?.message ?? `not a ${name}`}`,
  });
}
