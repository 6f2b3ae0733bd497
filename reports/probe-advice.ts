/** What to do about what a probe found: above all, how often to beat. It takes values and returns sentences. */
import type { Advice, Heartbeat, ProbeResult } from '../core/records/probe.ts';
import { timeText } from './probe-words.ts';

/** A heartbeat at the very interval of a timer loses the race about every second time. */
const SAFE_SHARE = 0.5;
/** What is a little below a round figure was measured on one. */
const ROUNDING = 1.05;
/** Intervals that people set, s. */
const STEPS = [
  0.1, 0.2, 0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12, 15, 20, 25, 30, 40, 45, 60, 90, 120,
];
/** No timer of a proxy is so short, ms. */
const SOON_MS = 1_000;
/** A head that takes longer is late, ms, unless the network is so slow. */
const LATE_HEAD_MS = 150;
const LATE_ROUND_TRIPS = 10;

/** The largest usual interval that is at most half of a silence, ms. */
export function safeInterval(silenceMs: number): number {
  const most = (silenceMs * SAFE_SHARE * ROUNDING) / 1_000;
  const step = STEPS.filter((seconds) => seconds <= most).at(-1);
  // Below the smallest step there is nothing to round to.
  return step === undefined ? silenceMs * SAFE_SHARE : step * 1_000;
}

export function adviceOf(result: ProbeResult): Advice {
  const { heartbeatMs, says } = heartbeatAdvice(result);
  return { heartbeatMs, says: [...says, ...pathAdvice(result)] };
}

function heartbeatAdvice(result: ProbeResult): Advice {
  const { idle, transport, heartbeats } = result;
  const { kind, highMs, cutMs, silent, maybeAge, lowMs } = idle.verdict;
  const beatMs = shortestOf(heartbeats);
  if (endsByItself(result)) {
    return {
      heartbeatMs: undefined,
      says: [
        'The server ends its streams by itself, soon, and in good order: there is no idle time to be kept open. Probe an address that goes on.',
      ],
    };
  }
  const by = transport === 'sse' ? 'a comment line (":" and an empty line)' : 'a WebSocket ping';
  if ((kind === 'cut' || kind === 'swallowed') && highMs !== undefined) {
    const heartbeatMs = safeInterval(kind === 'swallowed' ? Math.max(lowMs, highMs / 2) : highMs);
    const who = silent.length === 1 && silent[0] === 'client' ? 'client' : 'server';
    const why = `half of the ${timeText(cutMs ?? highMs)} after which it is cut, so that one late beat does no harm`;
    return {
      heartbeatMs,
      says: [
        `Let the ${who} send ${by} every ${timeText(heartbeatMs)}: at most ${why}. Jitter it downwards, or all clients beat at once.`,
        ...(maybeAge
          ? [
              'If it is cut all the same, its age is what is limited: raise that limit, or let clients come back and resume.',
            ]
          : []),
        ...(kind === 'swallowed'
          ? ['Let the client expect an answer, too: it is not told when it was cut off.']
          : []),
      ],
    };
  }
  if (kind === 'age') {
    return {
      heartbeatMs: beatMs,
      says: [
        `Heartbeats do not help against a limit on the age of a connection: raise it, or end connections yourself before ${timeText(cutMs ?? 0)} and let clients come back and resume.`,
      ],
    };
  }
  if (kind === 'unclear') {
    return {
      heartbeatMs: undefined,
      says: ['Probe again: what cuts connections here is not one timer, or the server is unwell.'],
    };
  }
  if (beatMs !== undefined) {
    return {
      heartbeatMs: beatMs,
      says: [
        `Keep the heartbeat of ${timeText(beatMs)}: no connection was cut with it. A timer longer than that cannot be seen from outside, so do not beat more rarely without knowing the timers on the way.`,
      ],
    };
  }
  return quietAdvice(result, by);
}

/** A silence shorter than this is a pause between events, and no timer on the way is. */
const LONG_SILENCE_MS = 1_000;

function quietAdvice({ idle, events }: ProbeResult, by: string): Advice {
  const { lowMs } = idle.verdict;
  const capital = `${by.charAt(0).toUpperCase()}${by.slice(1)}`;
  if (lowMs < LONG_SILENCE_MS) {
    const silentMs = Math.max(0, ...idle.watches.map(({ lastSilence }) => lastSilence.server));
    const seen =
      events.events === 0
        ? 'Nothing was heard after a silence, so no heartbeat can be derived.'
        : silentMs < LONG_SILENCE_MS
          ? 'The server never fell silent for long, so what happens then was not seen.'
          : `The server had been silent for ${timeText(silentMs)} when the watching was over after ${timeText(idle.maxMs)}, and nothing came after that: watch longer with --max to see what such a silence does.`;
    return {
      heartbeatMs: undefined,
      says: [
        `${seen} ${capital} after 15 s of silence is usual: half of the 30 s that the shortest timers of clouds have.`,
      ],
    };
  }
  const heartbeatMs = safeInterval(lowMs);
  return {
    heartbeatMs,
    says: [
      `${capital} every ${timeText(heartbeatMs)} is safe here: half of the ${timeText(lowMs)} of silence that did no harm. Longer timers may exist; --max shows those up to 5m.`,
    ],
  };
}

function shortestOf(heartbeats: readonly Heartbeat[]): number | undefined {
  const intervals = heartbeats.flatMap(({ everyMs }) => everyMs ?? []);
  return intervals.length === 0 ? undefined : Math.min(...intervals);
}

function pathAdvice(result: ProbeResult): string[] {
  const { head, transport, events } = result;
  const says: string[] = [];
  if (events.verdict === 'clumped' || isHeadLate(result)) {
    says.push(
      transport === 'sse'
        ? 'Turn buffering off for this path: send X-Accel-Buffering: no, or set proxy_buffering off (nginx), flush_interval -1 (Caddy), flushpackets=on (Apache), option http-no-delay (HAProxy, which otherwise holds a head that nothing follows for 200 ms); write a comment at once, so that the head does not wait for the first event.'
        : 'Look for what collects messages before it sends them: a timer in the server, TCP without no-delay, or a proxy.',
    );
  }
  if (transport === 'sse' && head.compression.asked !== undefined) {
    says.push(
      `Make sure that ${head.compression.asked} is flushed after every event, or leave text/event-stream out of compression.`,
    );
  }
  if (transport === 'sse' && !/no-cache|no-store/i.test(head.cacheControl ?? '')) {
    says.push(
      'Send Cache-Control: no-cache, no-transform: caches on the way may keep or change a stream without it.',
    );
  }
  if (transport === 'sse' && head.alpn !== 'h2') {
    says.push(
      'Offer HTTP/2: over HTTP/1.1 a browser opens no more than 6 connections to a host, and each stream takes one.',
    );
  }
  return says;
}

/** Streams that are over at once are ended by who made them, and not by a timer on the way. */
export function endsByItself({ idle }: ProbeResult): boolean {
  const ended = idle.watches.filter(({ end }) => end.how !== 'open');
  return (
    ended.length > 0 &&
    ended.every(
      ({ end, ageMs }) =>
        ageMs < SOON_MS &&
        (end.how === 'complete' || (end.how === 'close-frame' && end.code === 1_000)),
    )
  );
}

/** Whether the head came so late that somebody must have held it. */
export function isHeadLate({ head }: ProbeResult): boolean {
  const { headMs, connectMs } = head.typical;
  return headMs > LATE_HEAD_MS && headMs > LATE_ROUND_TRIPS * connectMs;
}
