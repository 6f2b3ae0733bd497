/** The body of a POST, read whole within a limit, and what kind of data it says it is. */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import type { PushEvent } from '../core/transport.ts';

export type Body =
  | { readonly ok: true; readonly bytes: Buffer; readonly kind: PushEvent['kind'] }
  | { readonly ok: false; readonly status: number; readonly says: string };

/**
 * Calls back once with the body or with why there is none; never, when the sender goes away in the
 * middle: it has sent nothing.
 */
export function readBody(
  request: IncomingMessage,
  limitBytes: number,
  onBody: (body: Body) => void,
): void {
  const kind = kindOf(request.headers['content-type']);
  const announced = Number(request.headers['content-length'] ?? 0);
  if (kind === undefined || announced > limitBytes) {
    // The rest is not read: the answer goes out at once, and the connection is ended behind it.
    onBody(
      kind === undefined
        ? {
            ok: false,
            status: 415,
            says: 'send application/json, text/* or application/octet-stream',
          }
        : tooLarge(limitBytes),
    );
    request.resume();
    return;
  }
  let chunks: Buffer[] = [];
  let length = 0;
  let refused = false;
  request.on('data', (bytes: Buffer) => {
    length += bytes.length;
    if (length <= limitBytes) chunks.push(bytes);
    else if (!refused) {
      refused = true;
      chunks = [];
      onBody(tooLarge(limitBytes));
    }
  });
  // A sender that goes away in the middle has sent nothing.
  request.on('error', () => request.destroy());
  request.on('end', () => {
    if (refused) return;
    const [first] = chunks;
    const bytes =
      chunks.length === 1 && first !== undefined ? first : Buffer.concat(chunks, length);
    if (kind !== 'binary' && !isUtf8(bytes)) {
      onBody({ ok: false, status: 400, says: 'the body is not UTF-8' });
    } else onBody({ ok: true, bytes, kind });
  });
}

function tooLarge(limitBytes: number): Body {
  return { ok: false, status: 413, says: `a message has at most ${limitBytes} bytes` };
}

/** JSON where nothing is said. */
function kindOf(contentType: string | undefined): PushEvent['kind'] | undefined {
  if (contentType === undefined || contentType === 'application/json') return 'json';
  const type = contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  if (type === 'application/json' || type.endsWith('+json')) return 'json';
  if (type.startsWith('text/')) return 'text';
  return type === 'application/octet-stream' ? 'binary' : undefined;
}
