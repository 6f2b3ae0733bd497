/** What a probe found, for people: a section each for head, events, heartbeats, idle cuts and advice. */
import type { Advice, HeadFacts, NamedHeader, ProbeResult } from '../core/records/probe.ts';
import { formatCount } from '../core/units.ts';
import { isHeadLate } from './probe-advice.ts';
import { idleText } from './probe-idle-text.ts';
import { beatNames, timeText, transportNames } from './probe-words.ts';

/** A delay within WebSocket that the network alone does not explain, ms and times its round trip. */
const SLOW_PING_MS = 5;
const SLOW_PING_SHARE = 3;
/** The head and the first event came in one go. */
const AT_ONCE_MS = 5;

export function probeText(result: ProbeResult, advice: Advice): string {
  const sections: readonly (readonly [string, readonly string[]])[] = [
    ['Head', headText(result)],
    ['Events', eventsText(result)],
    ['Heartbeats', heartbeatsText(result)],
    ['Idle', idleText(result)],
    ['Advice', advice.says.map((says, index) => `${index + 1}. ${says}`)],
  ];
  const width = Math.max(...sections.map(([title]) => title.length)) + 2;
  const lines = sections.flatMap(([title, texts]) =>
    texts.map((text, index) => `${(index === 0 ? title : '').padEnd(width)}${text}`),
  );
  return [`${result.url} is ${transportNames[result.transport]}.`, '', ...lines].join('\n');
}

function headText(result: ProbeResult): string[] {
  const { head, pingMs } = result;
  const { lookupMs, connectMs, tlsMs, headMs } = head.typical;
  const steps = [
    ...(lookupMs === undefined ? [] : [`name ${timeText(lookupMs)}`]),
    `TCP ${timeText(connectMs)}`,
    ...(tlsMs === undefined ? [] : [`TLS ${timeText(tlsMs)}`]),
    `from request to ${head.status === 101 ? '101' : 'head'} ${timeText(headMs)}`,
  ];
  const extraMs = pingMs === undefined ? 0 : pingMs - connectMs;
  const isSlow =
    pingMs !== undefined && extraMs > SLOW_PING_MS && pingMs > SLOW_PING_SHARE * connectMs;
  return [
    `${steps.join(', ')} (median of ${head.samples.length}).`,
    versionText(head),
    ...(pingMs === undefined ? [] : [`A ping is answered in ${timeText(pingMs)}.`]),
    ...(isSlow
      ? [
          `That is ${timeText(extraMs)} more than TCP takes there and back: the server, or something on the way, holds what it gets.`,
        ]
      : []),
    ...(isHeadLate(result)
      ? [
          'The head is late: the server writes it late, or something on the way holds it until there is a body.',
        ]
      : []),
    headers('On the way', head.hops, 'nobody names itself'),
    headers('Keep-alive', head.keepAlive, 'no header speaks of it'),
    ...(head.accelBuffering === undefined
      ? []
      : [
          `X-Accel-Buffering: ${head.accelBuffering} is visible here, so no nginx on the way has taken it up.`,
        ]),
    ...(head.subprotocol === undefined ? [] : [`Subprotocol ${head.subprotocol}.`]),
    compressionText(head),
  ];
}

function versionText({ httpVersion, alpn, tls }: HeadFacts): string {
  if (tls === undefined) return `HTTP/${httpVersion}, without TLS, so no other version is offered.`;
  const offered =
    alpn === 'h2'
      ? 'HTTP/2 is offered'
      : alpn === ''
        ? 'nothing is offered by ALPN'
        : `of h2 and http/1.1 it takes ${alpn}`;
  const distrust =
    tls.distrust === undefined ? '' : `; the certificate is not trusted: ${tls.distrust}`;
  return `HTTP/${httpVersion} was used; ${offered}. ${tls.protocol} with ${tls.cipher}${distrust}.`;
}

function headers(title: string, found: readonly NamedHeader[], none: string): string {
  const texts = found.map(({ name, value }) => `${name}: ${value}`);
  return `${title}: ${texts.length === 0 ? none : texts.join('; ')}.`;
}

function compressionText({ compression, transport }: HeadFacts): string {
  const { asked, unasked, problem } = compression;
  const how = transport === 'sse' ? 'gzip, deflate, br or zstd' : 'permessage-deflate';
  if (problem !== undefined)
    return `Compression: asked for ${how}, there is no stream: ${problem}.`;
  if (unasked !== undefined) return `Compression: ${unasked}, although nobody asked for it.`;
  return asked === undefined
    ? `Compression: none, also when asked for ${how}.`
    : `Compression: ${asked} when asked for, none otherwise.`;
}

function eventsText(result: ProbeResult): string[] {
  const { events, firstEventMs, stampLagMs } = result;
  if (events.events === 0)
    return [
      'None came. An endpoint that never sends is no error; nothing can be said about how events arrive.',
    ];
  const first =
    firstEventMs === undefined ? '' : `, the first ${timeText(firstEventMs)} after the head`;
  const together =
    firstEventMs !== undefined && firstEventMs <= AT_ONCE_MS && isHeadLate(result)
      ? ['The first event came together with the late head: something waited for it.']
      : [];
  return [
    `${formatCount(events.events, 'event')}${first}.`,
    ...together,
    ...clumpingText(result),
    ...(stampLagMs === undefined
      ? []
      : [
          `They arrive ${timeText(stampLagMs)} after the time they carry: the delay and the difference of two clocks, which cannot be told apart from here.`,
        ]),
  ];
}

function clumpingText({ events }: ProbeResult): string[] {
  const { verdict, evidence, groupSize, clumped, heldMs, everyMs, largest } = events;
  const by = evidence === 'send-times' ? 'the times they carry' : 'their pace';
  const every = everyMs === undefined ? '' : ` every ${timeText(everyMs)}`;
  if (verdict === 'clumped') {
    return [
      `They come clumped, in groups of ${groupSize}${every}: ${clumped} of ${events.events} arrived together with others though ${by} say they were sent apart, most by ${timeText(heldMs ?? 0)}.`,
    ];
  }
  if (verdict === 'apart') return [`They come as they were sent, by ${by}: no clumping.`];
  if (events.events < 2) return ['One event shows nothing about clumping.'];
  return largest > 1
    ? [
        `They come in groups of ${groupSize}${every}. A server that sends them so looks the same from outside: they carry no time, and have no pace.`,
      ]
    : [`They come singly${every}. They carry no time, so a delay cannot be seen.`];
}

function heartbeatsText({ heartbeats }: ProbeResult): string[] {
  if (heartbeats.length === 0) return ['None seen.'];
  return heartbeats.map(({ kind, count, everyMs, sample }) => {
    const every = everyMs === undefined ? 'once' : `every ${timeText(everyMs)}`;
    const says = sample === '' ? '' : `, ${JSON.stringify(sample)}`;
    return `${beatNames[kind]} ${every} (${count} seen${says}).`;
  });
}
