/** What a schema says of a value that does not fit, as the rest of a sentence: where, and what is wrong. */
import { z } from 'zod';
import { nearestOf } from '../core/nearest.ts';

type Issue = z.core.$ZodIssue;
type Branch = readonly Issue[];

/**
 * For `safeParse(value, { error: unknownField })`: only there it is known which fields there are.
 * @returns undefined for what is no unknown field, which leaves it to the library
 */
export const unknownField: z.core.$ZodErrorMap = (issue) => {
  if (issue.code !== 'unrecognized_keys') return undefined;
  const [key = ''] = issue.keys;
  const known = issue.inst instanceof z.ZodObject ? Object.keys(issue.inst.shape) : [];
  const nearest = nearestOf(key, known);
  return `there is no field '${key}'${nearest === undefined ? '' : `; the nearest is '${nearest}'`}`;
};

interface Found {
  readonly path: readonly PropertyKey[];
  readonly says: string;
}

/**
 * The first thing that is wrong.
 * @param fallback where nothing more can be said
 */
export function wordsFor(
  { issues }: { readonly issues: readonly Issue[] },
  fallback: string,
): string {
  const [issue] = issues;
  if (issue === undefined) return fallback;
  const { path, says } = find(issue);
  const where = path.map(String).join('.');
  return where === '' ? `${fallback} (${says})` : `${where}: ${says}`;
}

function find(issue: Issue): Found {
  switch (issue.code) {
    case 'invalid_union':
      return inUnion(issue.errors, issue.path);
    case 'unrecognized_keys':
      // Those of `unknownField`, where the schema was asked with it.
      return { path: issue.path, says: issue.message };
    case 'invalid_type':
      return {
        path: issue.path,
        says: isMissing(issue) ? 'it is missing' : `it has to be ${withArticle(issue.expected)}`,
      };
    case 'too_small':
      return {
        path: issue.path,
        says: issue.origin === 'string' || issue.origin === 'array' ? 'it is empty' : issue.message,
      };
    default:
      return { path: issue.path, says: `it ${issue.message}` };
  }
}

/** Of several shapes, the one that was meant is the one all of whose fields are known. */
function inUnion(branches: readonly Branch[], path: readonly PropertyKey[]): Found {
  const meant = branches.find((branch) => !branch.some(isOtherShape));
  const [inside] = meant ?? [];
  if (inside !== undefined) {
    const found = find(inside);
    return { path: [...path, ...found.path], says: found.says };
  }
  const firsts = branches.flatMap(([first]) => first ?? []);
  if (
    firsts.length > 0 &&
    firsts.every(isMissing) &&
    firsts.every((one) => one.path.length === 0)
  ) {
    return { path, says: 'it is missing' };
  }
  const fields = firsts.flatMap((first) => first.path[0] ?? []);
  if (fields.length > 0) return { path, says: `it has to have ${either(fields.map(String))}` };
  const types = firsts.flatMap((first) =>
    first.code === 'invalid_type' ? [withArticle(first.expected)] : [],
  );
  return { path, says: `it has to be ${either([...new Set(types)])}` };
}

const isOtherShape = (issue: Issue): boolean =>
  issue.path.length === 0 && (issue.code === 'unrecognized_keys' || issue.code === 'invalid_type');

/** The schema does not hand on the value itself, only what it says of it. */
const isMissing = (issue: Issue): boolean =>
  issue.code === 'invalid_type' && issue.message.endsWith('received undefined');

function either(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} or ${last}`;
}

function withArticle(expected: string): string {
  const name = expected === 'record' ? 'object' : expected;
  return `${/^[aeiou]/.test(name) ? 'an' : 'a'} ${name}`;
}
