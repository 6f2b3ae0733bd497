/** A value as one word of a command line that can be copied into a shell. */

export function shellWord(text: string): string {
  return /^[\w.,:=%/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
