/** A short piece of what somebody sent, to be quoted in a sentence. */

const CHARACTERS = 60;
/** More is not looked at. */
const MOST_CHARACTERS = 1_000;
/** Words with a digit in them that are so long are numbers, times and ids. */
const ID_CHARACTERS = 6;

/** In quotes, and without ids and times, so that what went wrong for many in one way is counted as one. */
export function excerptOf(text: string): string {
  const same = text
    .slice(0, MOST_CHARACTERS)
    .replaceAll(/\w[\w:.-]*/g, (word) =>
      word.length >= ID_CHARACTERS && /\d/.test(word) ? withoutIds(word) : word,
    );
  return JSON.stringify(same.length > CHARACTERS ? `${same.slice(0, CHARACTERS)}…` : same);
}

/** `bench-17` is `bench-…`, and a time or a UUID is `…`. */
function withoutIds(word: string): string {
  return word
    .replaceAll(/\w+/g, (part) => (/\d|^[a-f]{4,}$/i.test(part) ? '…' : part))
    .replaceAll(/…(?:[:.-]…)+/g, '…');
}
