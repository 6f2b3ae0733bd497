/**
 * What names may look like: of rooms and events, the ids of requests, the keys of messages. They come
 * from clients and end up in event streams, logs and metrics, so they are checked where they come in.
 */

export type NameKind = 'room' | 'event' | 'id' | 'key';

/** Events that the server itself sends (docs/push-server.md): from anybody else they would be lies. */
export const reservedEvents: ReadonlySet<string> = new Set([
  'welcome',
  'gap',
  'answer',
  'part',
  'ask',
  'refused',
  'pong',
  'retry',
  'binary',
]);

/** In UTF-16 code units, as strings are counted. */
const longest = { room: 128, event: 128, id: 64, key: 128 } satisfies Record<NameKind, number>;

/** Half a surrogate pair has no UTF-8: it would come out as another name than it went in. */
const UNFIT = /[\p{Cc}\p{Cs}]/u;

/** @returns what is wrong with the name, as a part of a sentence; undefined when nothing is */
export function nameProblem(what: NameKind, name: string): string | undefined {
  if (name === '') return `the ${what} is empty`;
  const most = longest[what];
  if (name.length > most) return `the ${what} has ${name.length} characters, ${most} at most`;
  const unfit = UNFIT.exec(name)?.[0];
  if (unfit !== undefined) return `the ${what} contains ${nameOf(unfit)}`;
  if (what === 'event' && reservedEvents.has(name)) {
    return `the event '${name}' is the server's own`;
  }
  return undefined;
}

/**
 * For names that come from the application itself: what comes from clients is checked where it comes in.
 * @throws RangeError for one that would break out of its field in an event stream
 */
export function checkEventName(event: string | undefined): void {
  if (event === undefined || !/[\r\n\0]/.test(event)) return;
  throw new RangeError(
    `${JSON.stringify(event)} is no name of an event: it has a line break or a NUL`,
  );
}

/** CR, LF and NUL have names because they do the harm: in an event stream they end or void a field. */
function nameOf(character: string): string {
  switch (character) {
    case '\r':
      return 'a line break (CR)';
    case '\n':
      return 'a line break (LF)';
    case '\0':
      return 'a NUL';
    default:
      return /\p{Cs}/u.test(character) ? 'half a surrogate pair' : 'a control character';
  }
}
