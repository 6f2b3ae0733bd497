/**
 * What a schema of this folder says of a value that does not fit it, as the rest of a sentence: the place and
 * what is wrong there. Schemas may have words of their own; what is left are those of the library.
 */
import type { z } from 'zod';

/** A message of a schema's own, for what is there and does not fit. */
export const say =
  (text: string) =>
  ({ input }: { readonly input?: unknown }): string =>
    input === undefined ? 'it is missing' : text;

/** 'phases.1.clients: it is missing'; without a place where it is about the whole value. */
export function firstProblem({ issues }: z.core.$ZodError): string {
  const [issue] = issues;
  if (issue === undefined) return 'it does not fit';
  const place = issue.path.map(String).join('.');
  return place === '' ? wordsOf(issue) : `${place}: ${wordsOf(issue)}`;
}

function wordsOf(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `there is no field '${issue.keys[0] ?? ''}' here`;
  const { message } = issue;
  if (message.endsWith('received undefined')) return 'it is missing';
  const [, wanted, received] =
    /^Invalid input: expected (\S+), received (\S+)$/.exec(message) ?? [];
  if (wanted !== undefined && received !== undefined) {
    return `it has to be ${withArticle(wanted)}, not ${withArticle(received)}`;
  }
  const [, exactly] = /^Invalid input: expected (.+)$/.exec(message) ?? [];
  if (exactly !== undefined) return `it has to be ${exactly.replaceAll('"', "'")}`;
  const [, options] = /^Invalid option: expected one of (.+)$/.exec(message) ?? [];
  if (options !== undefined) {
    return `it has to be one of ${options.replaceAll('"', "'").replaceAll('|', ', ')}`;
  }
  return message;
}

function withArticle(noun: string): string {
  const name = noun === 'record' ? 'object' : noun;
  if (/^(NaN|Infinity|null|undefined)$/.test(name)) return name;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}
