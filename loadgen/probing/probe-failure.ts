/** Why a probe did not get a stream, as a value that whoever speaks to people turns into a sentence. */
import type { IncomingMessage } from 'node:http';

export type FailureKind =
  | 'dns'
  | 'refused'
  | 'unreachable'
  | 'tls'
  | 'silent'
  | 'hung-up'
  | 'not-http'
  | 'answer'
  | 'aborted';

/** An answer that is no stream. */
export interface PlainAnswer {
  readonly status: number;
  readonly contentType: string | undefined;
  readonly location: string | undefined;
  /** The header Link, in which a page may say where its streams are. */
  readonly link?: string | undefined;
}

export class ProbeFailure extends Error {
  override readonly name = 'ProbeFailure';
  readonly kind: FailureKind;
  /** The code of Node or OpenSSL, where there is one. */
  readonly code: string | undefined;
  readonly answer: PlainAnswer | undefined;

  constructor(kind: FailureKind, says: string, code?: string, answer?: PlainAnswer) {
    super(says);
    this.kind = kind;
    this.code = code;
    this.answer = answer;
  }
}

/** For an answer that is no stream. */
export function noStream({ statusCode: status = 0, headers }: IncomingMessage): ProbeFailure {
  return new ProbeFailure('answer', `it answers ${status}`, undefined, {
    status,
    contentType: headers['content-type'],
    location: headers.location,
    link: String(headers['link'] ?? ''),
  });
}

/** What an error of Node means for a connection that was being made. */
export function failureOf(error: unknown, stage: 'connect' | 'tls' | 'head'): ProbeFailure {
  if (error instanceof ProbeFailure) return error;
  const code = codeOf(error);
  const says = error instanceof Error && error.message !== '' ? error.message : String(code);
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return new ProbeFailure('dns', says, code);
  if (code === 'ECONNREFUSED') return new ProbeFailure('refused', says, code);
  if (stage === 'tls') return new ProbeFailure('tls', says, code);
  if (stage === 'connect') return new ProbeFailure('unreachable', says, code);
  if (code.startsWith('HPE_')) return new ProbeFailure('not-http', says, code);
  return new ProbeFailure('hung-up', says, code);
}

export function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : '';
}
