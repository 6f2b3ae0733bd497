/** What an HTTP answer that is no stream, and an error that is no answer, mean to a push client. */
import type { LinkEnd } from './link.ts';

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** The end of a link whose request was answered with something else than a stream. */
export function refusalEnd(status: number, headers: Headers, text: string): LinkEnd {
  const sentence = sentenceOf(contentTypeOf(headers), text);
  return {
    kind: 'refused',
    status,
    says: sentence ?? answerOf(status, headers),
    spoken: sentence !== undefined,
    retryMs: retryAfterMs(headers),
  };
}

/** What came, where it says nothing that is meant for people. */
function answerOf(status: number, headers: Headers): string {
  const answered = `the server answered ${status}`;
  if (status >= 200 && status < 300) {
    const type = contentTypeOf(headers);
    return `${answered} with ${type === '' ? 'no content type' : type}, which no push server does`;
  }
  const { location } = headers;
  return location === undefined ? answered : `${answered} and sends to ${String(location)}`;
}

/** What the server says, where that is one sentence; a page made for browsers is left out. */
export function sentenceOf(contentType: string, text: string): string | undefined {
  const sentence = text.trim();
  const isSentence =
    contentType.startsWith('text/plain') && sentence !== '' && !sentence.includes('\n');
  return isSentence ? sentence.slice(0, 500) : undefined;
}

export function contentTypeOf(headers: Headers): string {
  return String(headers['content-type'] ?? '');
}

/** Seconds only: the form with a date needs a clock that agrees with the server's. */
export function retryAfterMs(headers: Headers): number | undefined {
  const text = headers['retry-after'];
  return typeof text === 'string' && /^\d{1,6}$/.test(text) ? Number(text) * 1_000 : undefined;
}

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENETDOWN',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EADDRNOTAVAIL',
  'UND_ERR_CONNECT_TIMEOUT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_HAS_EXPIRED',
]);

/** Whether the trouble is before HTTP, where no other protocol would fare better. */
export function isUnreachable(error: unknown): boolean {
  const { code, errors, cause } = (error ?? {}) as {
    code?: unknown;
    errors?: unknown;
    cause?: unknown;
  };
  if (typeof code === 'string' && UNREACHABLE.has(code)) return true;
  // Several addresses of one name were tried, or a library has wrapped it.
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isUnreachable);
  return cause !== undefined && isUnreachable(cause);
}

/** What to say about it: some errors have a code and no words. */
export function troubleOf(error: unknown): string {
  const { message, code, errors } = (error ?? {}) as {
    message?: unknown;
    code?: unknown;
    errors?: unknown;
  };
  if (typeof message === 'string' && message !== '') return message;
  if (Array.isArray(errors) && errors.length > 0) return troubleOf(errors[0]);
  return typeof code === 'string' ? code : String(error);
}
