/** Finds the comments of an event stream, which its parser passes over; it reads nothing else. */

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
/** Longer comments are padding. */
const KEPT_BYTES = 200;

export interface CommentFinder {
  feed(bytes: Buffer): void;
}

/** @param found gets a comment as soon as its line has ended, shortened to 200 bytes */
export function createCommentFinder(found: (text: string) => void): CommentFinder {
  let atLineStart = true;
  /** The bytes of the comment that is being read. */
  let comment: number[] | undefined;
  return {
    feed(bytes) {
      for (const byte of bytes) {
        if (byte === LF || byte === CR) {
          if (comment !== undefined) found(Buffer.from(comment).toString('utf8').trim());
          comment = undefined;
          atLineStart = true;
        } else if (comment !== undefined) {
          if (comment.length < KEPT_BYTES) comment.push(byte);
        } else {
          if (atLineStart && byte === COLON) comment = [];
          atLineStart = false;
        }
      }
    },
  };
}
