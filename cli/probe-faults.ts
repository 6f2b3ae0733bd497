/** Why there is nothing to probe, as a sentence and a hint. */
import type { HarnessError } from '../core/errors.ts';
import { fault } from '../core/errors.ts';
import type { PlainAnswer, ProbeFailure } from '../loadgen/probing/probe-failure.ts';
import { timeText } from '../reports/probe-words.ts';

const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|CERT_UNTRUSTED/;

export interface FailedProbe {
  /** As it may be shown. */
  readonly url: string;
  readonly host: string;
  readonly isWs: boolean;
  readonly isSecure: boolean;
  readonly timeoutMs: number;
  /** Takes out what is secret in an address that a server answered with. */
  readonly show: (location: string) => string;
}

export function faultOfProbe(failure: ProbeFailure, probe: FailedProbe): HarnessError {
  const { url, host, isSecure, timeoutMs } = probe;
  const unreachable = (why: string, hint: string): HarnessError =>
    fault('stream-unreachable', { url, why, hint });
  switch (failure.kind) {
    case 'dns':
      return unreachable(
        failure.code === 'EAI_AGAIN'
          ? `the name ${host} cannot be looked up now`
          : `the name ${host} is not known`,
        'Check how it is spelt, and whether this machine can look names up.',
      );
    case 'refused':
      return unreachable(
        'the connection is refused',
        'Nobody listens there: check host and port, and whether the server runs.',
      );
    case 'unreachable':
      return unreachable(`no connection: ${failure.message}`, 'Check host, port and network.');
    case 'silent':
      return unreachable(
        `${failure.message} within ${timeText(timeoutMs)}`,
        'Some proxies hold the head until the first event: give it longer with --timeout, or let the server write a comment at once.',
      );
    case 'tls':
      return tlsFault(failure, probe);
    case 'hung-up':
      return unreachable(
        'it hangs up without an answer',
        isSecure
          ? 'Check the port and the path.'
          : 'Check the port; if it speaks TLS, write https:// or wss://.',
      );
    case 'not-http':
      return fault('no-stream', {
        url,
        why: `its answer is not what the protocol asks for: ${failure.message}`,
        hint: /subprotocol/i.test(failure.message)
          ? 'Name a subprotocol that the server knows with --subprotocol.'
          : 'Check the port: something other than a web server may be listening there.',
      });
    case 'answer':
      return answerFault(failure.answer, probe);
    case 'aborted':
      return fault('interrupted', { kept: undefined });
  }
}

function tlsFault({ code = '', message }: ProbeFailure, { url }: FailedProbe): HarnessError {
  const because = (why: string, hint: string): HarnessError =>
    fault('stream-unreachable', { url, why, hint });
  if (UNTRUSTED.test(code)) {
    return because(
      `nobody that this machine trusts vouches for its certificate (${code})`,
      'If you know the server, probe it all the same with --insecure.',
    );
  }
  if (code === 'CERT_HAS_EXPIRED') {
    return because('its certificate has expired', 'Renew it; to probe all the same, --insecure.');
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return because(
      'its certificate is for another name',
      'Use that name; to probe all the same, --insecure.',
    );
  }
  if (/WRONG_VERSION|PACKET_LENGTH|EPROTO|UNKNOWN_PROTOCOL/.test(code)) {
    return because('it does not speak TLS', 'Write http:// or ws://, or check the port.');
  }
  return because(`TLS failed: ${code === '' ? message : code}`, 'Check host and port.');
}

function answerFault(answer: PlainAnswer | undefined, probe: FailedProbe): HarnessError {
  const { url, isWs, show } = probe;
  const {
    status,
    contentType = 'no type',
    location,
    link = '',
  } = answer ?? { status: 0, location: undefined };
  const no = (why: string, hint: string): HarnessError => fault('no-stream', { url, why, hint });
  if (status >= 500 || status === 429) {
    return fault('stream-unreachable', {
      url,
      why: `it answers ${status}`,
      hint: 'Try again later.',
    });
  }
  if (status >= 300 && status < 400) {
    return no(
      `it redirects, with ${status}, to ${location === undefined ? 'nowhere' : show(location)}`,
      "Probe that address; if it is a login, give what lets you in: --header 'Cookie: …' or --header 'Authorization: …'.",
    );
  }
  if (status === 401 || status === 403) {
    return no(
      `it lets nobody in without proof, with ${status}`,
      "Give what lets you in: --header 'Authorization: Bearer …' or --header 'Cookie: …'.",
    );
  }
  if (status === 404 || status === 410) {
    return no(
      `there is nothing at this path, ${status}`,
      'Check the path; it is often /events, /stream or /ws.',
    );
  }
  if (isWs && /^text\/event-stream/i.test(contentType)) {
    return no(
      'it is an event stream and no WebSocket',
      'Write http:// or https:// in place of ws:// or wss://.',
    );
  }
  if (status === 200) {
    return no(
      isWs
        ? `it answers with ${contentType} and does not upgrade`
        : `it answers with ${contentType}, and does not upgrade to WebSocket either`,
      streamsIn(link, url).length === 0
        ? 'Find the address that the page itself listens to, in the network log of a browser.'
        : `The page names others: probe ${streamsIn(link, url).map(show).join(' or ')}.`,
    );
  }
  return no(
    `it answers ${status}${isWs ? ' and does not upgrade' : ', and does not upgrade to WebSocket either'}`,
    'Check the path, and whether it wants --header, --subprotocol or a query.',
  );
}

/** What a page names beside itself, RFC 8288: `</sse>; rel="alternate"`. */
function streamsIn(link: string, url: string): string[] {
  return [...link.matchAll(/<([^<>]*)>([^<]*)/g)].flatMap(([, to = '', about = '']) =>
    /\brel="?alternate"?/i.test(about) && URL.canParse(to, url) ? [new URL(to, url).href] : [],
  );
}
