/**
 * What a client asks for in a message or a POST: reads one operation (docs/push-server.md) from its text
 * and checks its fields. What may be done with it, and by whom, is not known here.
 *
 * Checked by hand rather than by a schema: this is on the path of every request and answer.
 */
import type { NameKind } from './names.ts';
import { nameProblem } from './names.ts';
import { MAIN_ROOM } from './rooms.ts';

export type Operation =
  | {
      readonly op: 'publish';
      readonly room: string;
      /** '' is the default, 'message'. */
      readonly event: string;
      /** '' is none. */
      readonly key: string;
      readonly data: unknown;
    }
  | { readonly op: 'request'; readonly id: string; readonly data: unknown }
  | { readonly op: 'cancel'; readonly id: string }
  | { readonly op: 'answer'; readonly id: string; readonly data: unknown }
  | { readonly op: 'answer'; readonly id: string; readonly error: string }
  | { readonly op: 'part'; readonly id: string; readonly data: unknown }
  | { readonly op: 'join' | 'leave'; readonly room: string }
  | { readonly op: 'resume'; readonly session: string | undefined; readonly last: string }
  | { readonly op: 'ping' };

/** Why a text is not carried out. */
export interface OperationProblem {
  readonly problem: string;
  readonly status: 400;
  /** It is no operation at all; false where it is one that names something as nothing may be named. */
  readonly malformed: boolean;
}

/** Fields of any operation, as they came; those that nobody reads are ignored. */
interface Fields {
  readonly op?: unknown;
  readonly id?: unknown;
  readonly room?: unknown;
  readonly event?: unknown;
  readonly key?: unknown;
  readonly data?: unknown;
  readonly error?: unknown;
  readonly session?: unknown;
  readonly last?: unknown;
}

/**
 * How deep data may nest. `JSON.parse` takes any depth, but `JSON.stringify` recurses, and ends the
 * process that sends such data on: 10 KB of brackets are enough.
 */
export const DEEPEST = 500;

/** Never throws, whatever the text. */
export function parseOperation(text: string): Operation | OperationProblem {
  let value: unknown;
  // Before it is parsed: megabytes of brackets would take seconds and hundreds of megabytes.
  if (nestsDeeperThan(DEEPEST, text)) return malformed(`data nests ${DEEPEST} deep at most`);
  try {
    value = JSON.parse(text);
  } catch {
    return malformed('this is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return malformed('an operation is a JSON object');
  }
  const fields: Fields = value;
  switch (fields.op) {
    case 'publish':
      return parsePublish(fields);
    case 'request': {
      const id = idIn(fields.id);
      return typeof id === 'string' ? { op: 'request', id, data: fields.data ?? null } : id;
    }
    case 'cancel': {
      const id = idIn(fields.id);
      return typeof id === 'string' ? { op: 'cancel', id } : id;
    }
    case 'answer':
      return parseAnswer(fields);
    case 'part': {
      const id = idIn(fields.id);
      if (typeof id !== 'string') return id;
      if (fields.data === undefined) return malformed('a part has data');
      return { op: 'part', id, data: fields.data };
    }
    case 'join':
    case 'leave': {
      const room = nameIn('room', fields.room);
      return typeof room === 'string' ? { op: fields.op, room } : room;
    }
    case 'resume':
      return parseResume(fields);
    case 'ping':
      return { op: 'ping' };
    default:
      return malformed('there is no such operation');
  }
}

function parsePublish({ room, event, key, data = null }: Fields): Operation | OperationProblem {
  const toRoom = room === undefined ? MAIN_ROOM : nameIn('room', room);
  if (typeof toRoom !== 'string') return toRoom;
  // 'message' is what an event without a name is called, and is not sent.
  const named = event === undefined || event === 'message' ? '' : nameIn('event', event);
  if (typeof named !== 'string') return named;
  const under = key === undefined ? '' : nameIn('key', key);
  if (typeof under !== 'string') return under;
  return { op: 'publish', room: toRoom, event: named, key: under, data };
}

function parseAnswer({ id: given, data, error }: Fields): Operation | OperationProblem {
  const id = idIn(given);
  if (typeof id !== 'string') return id;
  if ((data === undefined) === (error === undefined)) {
    return malformed('an answer has either data or an error');
  }
  if (error === undefined) return { op: 'answer', id, data };
  return typeof error === 'string'
    ? { op: 'answer', id, error }
    : malformed('the error of an answer is a string');
}

function parseResume({ session, last }: Fields): Operation | OperationProblem {
  const identity = session === undefined ? undefined : nameIn('id', session, 'session');
  if (typeof identity === 'object') return identity;
  const after = nameIn('id', last, 'last id');
  return typeof after === 'string' ? { op: 'resume', session: identity, last: after } : after;
}

/** Clients number their requests too. A number past 2^53 would come back as another one. */
function idIn(value: unknown): string | OperationProblem {
  return nameIn('id', Number.isSafeInteger(value) ? String(value) : value);
}

function nameIn(what: NameKind, value: unknown, field: string = what): string | OperationProblem {
  if (typeof value !== 'string') {
    return malformed(`the ${field} is ${value === undefined ? 'missing' : 'no string'}`);
  }
  const problem = nameProblem(what, value);
  return problem === undefined ? value : { problem, status: 400, malformed: false };
}

function malformed(problem: string): OperationProblem {
  return { problem, status: 400, malformed: true };
}

/**
 * @param text looked through only where it is long enough to nest that deep; of one that is no JSON the
 * answer says nothing
 */
export function nestsDeeperThan(depth: number, text: string): boolean {
  if (text.length < 2 * depth) return false;
  let open = 0;
  for (let at = 0; at < text.length; at += 1) {
    switch (text.charCodeAt(at)) {
      case 0x22: // "
        at = stringEnd(text, at);
        break;
      case 0x5b: // [
      case 0x7b: // {
        open += 1;
        if (open > depth) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        open -= 1;
        break;
    }
  }
  return false;
}

/** Index of the quote that closes the string which begins at `from`. Data is often one long string. */
function stringEnd(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  while (at > 0 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at < 0 ? text.length : at;
}

/** Whether an odd number of backslashes is before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === 0x5c) first -= 1;
  return (at - first) % 2 === 1;
}
