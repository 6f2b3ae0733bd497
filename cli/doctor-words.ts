/** What the steps of a tried target mean, in words: what was seen, and where it went wrong, what to change. */
import type { LoadedTarget } from '../core/target.ts';
import { formatMicroseconds, formatNanoseconds } from '../core/units.ts';
import type { Sent, Tryout } from '../loadgen/target-tryout.ts';
import { isGood } from '../loadgen/target-tryout.ts';

/** One step, and how it went. */
export interface Checked {
  readonly step: string;
  readonly ok: boolean;
  readonly found: string;
  /** What to do about it. */
  readonly fix?: string;
}

const TAIL_LINES = 5;

export function describeTryout(tryout: Tryout, target: LoadedTarget): Checked[] {
  const { transport, started, connected, few, load, stopped, failed } = tryout;
  const named = (step: string): string => `${transport} ${step}`;
  const steps: Checked[] = [];
  if (started !== undefined) {
    steps.push({ step: named('starts'), ok: true, found: startText(started, target) });
  }
  if (connected !== undefined) {
    steps.push({ step: named('connects'), ...connectText(connected, transport, target) });
  }
  if (few !== undefined) {
    steps.push({ step: named('receives'), ...sentText(few, transport, target) });
  }
  if (load !== undefined) {
    steps.push({ step: named('load'), ...sentText(load, transport, target) });
  }
  if (failed !== undefined) {
    steps.push({
      step: named(failed.step === 'publishes' ? 'receives' : failed.step),
      ok: false,
      found: `${failed.says}.`.replace(/\.\.$/, '.'),
      fix: adviceOn(failed.says, transport, target, failed.lastWords),
    });
  }
  if (stopped !== undefined) steps.push({ step: named('stops'), ...stopText(stopped, target) });
  return steps;
}

function startText({ ms, endpoint, pids }: NonNullable<Tryout['started']>, target: LoadedTarget) {
  const { host, port } = endpoint;
  const where = `${host}:${port}`;
  const who =
    pids.length === 0
      ? 'its processes are not known, so what it costs is not measured'
      : `${pids.length === 1 ? 'process' : 'processes'} ${pids.join(', ')}`;
  return target.start === undefined
    ? `it runs already at ${where}; ${who}`
    : `ready after ${Math.round(ms)} ms, with the processes beside it, on ${where}; ${who}`;
}

function connectText(
  { clients, open, causes, handshakeUs }: NonNullable<Tryout['connected']>,
  transport: string,
  target: LoadedTarget,
): Omit<Checked, 'step'> {
  const [cause = 'no reason given'] = causes;
  if (open < clients) {
    return {
      ok: false,
      found: `${open} of ${clients} clients connected: ${cause}.`,
      fix: adviceOn(cause, transport, target),
    };
  }
  const opening = sideOf(transport, target)?.opening ?? [];
  const steps =
    opening.length === 0
      ? ''
      : `, and went through ${opening.length === 1 ? 'one step' : `${opening.length} steps`} of opening`;
  const time = handshakeUs === undefined ? '' : ` within ${formatMicroseconds(handshakeUs)}`;
  return { ok: true, found: `${clients} clients connected${time}${steps}` };
}

function sentText(sent: Sent, transport: string, target: LoadedTarget): Omit<Checked, 'step'> {
  const { messages, clients, received, duplicated, p50Us, p99Us, cpuNs, ignored } = sent;
  const what = `${messages} messages to ${clients} clients`;
  if (isGood(sent)) {
    const times =
      p50Us === undefined || p99Us === undefined
        ? ''
        : `, half of them within ${formatMicroseconds(p50Us)}, 99 % within ${formatMicroseconds(p99Us)}`;
    const cost = cpuNs === undefined ? '' : `; ${formatNanoseconds(cpuNs)} of CPU each`;
    const beside = ignored === 0 ? '' : `; ${ignored} others were ignored, as the file says`;
    return { ok: true, found: `${what}: each arrived exactly once${times}${cost}${beside}` };
  }
  const found = [
    `${what}: ${received} of ${messages * clients} arrived${duplicated === 0 ? '' : `, and ${duplicated} more than once`}.`,
    ...notPublished(sent),
    ...quoted(sent),
    ...closedText(sent),
  ].join('\n');
  return { ok: false, found, fix: adviceOnSent(sent, transport, target) };
}

function notPublished({ failures }: Sent): string[] {
  return failures.slice(0, 2).map(({ cause, count }) => `${count} × ${cause}`);
}

const STRAY_WORDS = {
  unmarked: 'without our message in it',
  changed: 'our message, but changed on its way',
  other: 'a message of an earlier trial',
} as const;

/** What did come, since that most often says why nothing else did. */
function quoted({ strays }: Sent): string[] {
  const lines = strays.map(({ kind, text }) => `came instead, ${STRAY_WORDS[kind]}: ${text}`);
  return [...new Set(lines)].slice(0, 3);
}

function closedText({ closed }: Sent): string[] {
  return closed.slice(0, 2).map(({ cause, count }) => `${count} × connection ended: ${cause}`);
}

function adviceOnSent(sent: Sent, transport: string, target: LoadedTarget): string {
  const { file } = target;
  const { failures, strays, received, messages, clients, duplicated, reached, closed } = sent;
  const [failure] = failures;
  if (failure !== undefined) return adviceOnPublish(failure.cause, target);
  if (strays.some(({ kind }) => kind === 'changed')) {
    return 'Something on the way changes the text of a message or cuts it short; it has only letters, digits, dots and dashes, so look for a limit on the length, or an upper-case filter.';
  }
  if (duplicated > 0) {
    return 'Each client has to get each message once. Look whether clients are subscribed twice, or the server publishes what it gets back to itself.';
  }
  if (strays.some(({ kind }) => kind === 'other')) {
    return 'The server sends again what it kept from before. Let it start empty: keep its data in {folder}.';
  }
  if (closed.length > 0 && received < messages * clients) {
    return `Connections end while messages are published; look into the log of the server, and whether it wants an answer to its heartbeats (${transport === 'ws' ? 'ws.replies' : 'sse.opening'} in ${file}).`;
  }
  if (received === 0) return adviceOnNothing(sent, transport, target);
  if (reached < clients) {
    return `Only ${reached} of ${clients} clients got anything: messages have to go to everybody. Look whether each client needs a subscription of its own: {client} in the url or the opening tells them apart.`;
  }
  if (strays.length > 0) {
    return `Beside the messages came what is none. If that is right, name it: ignore: ['…'] in ${transport} of ${file}.`;
  }
  return 'Some messages got lost. Look into the log of the server; it may bound what it queues, or combine messages.';
}

function adviceOnNothing(
  { strays, ignored, ignoredEvents }: Sent,
  transport: string,
  { file, sse }: LoadedTarget,
): string {
  if (ignored > 0) {
    if (ignoredEvents.length > 0) {
      const came = ignoredEvents.map((name) => `'${name}'`).join(', ');
      const meant = (sse?.events ?? []).map((name) => `'${name}'`).join(', ');
      return `${ignored} things came and were ignored, because the name of their event is none of ${meant}: they were named ${came}. Change sse.events in ${file}.`;
    }
    const events = transport === 'sse' && sse?.events !== undefined ? 'events' : 'ignore';
    return `${ignored} things came and were ignored. Look at ${transport}.${events} in ${file}: it may name too much, or too little.`;
  }
  if (strays.length > 0) {
    return `What came has no {message} in it. Look whether publish puts {message} where the server passes it on (${file}).`;
  }
  return `Publishing was accepted, and nothing came back. Look whether publish goes to the channel that ${transport} listens on, and whether a client has to subscribe first: ${transport}.opening in ${file}.`;
}

function adviceOnPublish(cause: string, { file }: LoadedTarget): string {
  const where = `publish in ${file}`;
  if (/\b(404|405)\b/.test(cause)) {
    return `The server has no such way in: check the path and the method of ${where}.`;
  }
  if (/\b(401|403)\b/.test(cause)) {
    return `The server wants to know who publishes: add headers to ${where}, e.g. authorization.`;
  }
  if (/\b(400|415|422)\b/.test(cause)) {
    return `The server does not understand what it is sent: check body and content-type of ${where}.`;
  }
  if (/\b(429|5\d\d)\b/.test(cause)) {
    return 'The server refuses or fails: look into its log, and for a limit on requests.';
  }
  return `Check ${where}.`;
}

/** Of a handshake that failed, or a server that did. */
function adviceOn(cause: string, transport: string, target: LoadedTarget, lastWords = ''): string {
  const url = `${transport}.url in ${target.file}`;
  const tail = lastWords
    .split('\n')
    .filter((line) => !/^\s*$|^TargetFailure|^\s+at |^Node\.js v\d/.test(line))
    .slice(-TAIL_LINES);
  const said = tail.length === 0 ? '' : `\nThe last it said:\n${tail.join('\n')}`;
  // Before everything else: nobody has connected yet, so what it says of codes is not about the transport.
  if (/did not get ready|was not ready within/.test(cause)) {
    const ready = target.start?.ready;
    const answers = /\banswers \d{3}\b/.test(cause);
    return answers && ready !== undefined && 'url' in ready
      ? `A server is ready when this answers with 2xx: change start.ready.url in ${target.file} (now ${ready.url}).`
      : `Try it by hand in ${target.cwd}, and check start in ${target.file}.${said}`;
  }
  if (/\b404\b/.test(cause)) {
    return `The server has nothing at that path: change ${url} (now ${sideOf(transport, target)?.url ?? '–'}).`;
  }
  if (/\b(401|403)\b/.test(cause)) {
    return `The server wants to know who connects: add headers to ${transport} in ${target.file}, e.g. authorization or cookie.`;
  }
  if (/opening|waited/.test(cause)) {
    return `Change ${transport}.opening in ${target.file} to what the server says.`;
  }
  if (/ECONNREFUSED/.test(cause)) {
    return `Nobody listens there: check the port in ${url}, and start.ready, which decides when clients may come.`;
  }
  if (/does not run|In the middle/.test(cause)) {
    return `Try it by hand in ${target.cwd}, and check start in ${target.file}.${said}`;
  }
  return `Check ${url}.${said}`;
}

function stopText(
  { ms, left }: NonNullable<Tryout['stopped']>,
  target: LoadedTarget,
): Omit<Checked, 'step'> {
  if (target.start === undefined) return { ok: true, found: 'clients left; the server runs on' };
  if (left.length === 0) return { ok: true, found: `gone after ${Math.round(ms)} ms` };
  return {
    ok: false,
    found: `still running: ${left.join(', ')}.`,
    fix: 'It has to end when asked by SIGTERM, or let itself be killed.',
  };
}

/** What only shows when transports are held beside each other. */
export function acrossTransports(tryouts: readonly Tryout[]): Checked[] {
  const arrives = tryouts.filter(({ few }) => few !== undefined && few.received > 0);
  const silent = tryouts.filter(
    ({ few }) => few !== undefined && few.received === 0 && few.failures.length === 0,
  );
  const [one] = arrives;
  const [other] = silent;
  if (one === undefined || other === undefined) return [];
  return [
    {
      step: 'both',
      ok: false,
      found: `The same messages arrive over ${one.transport} and not over ${other.transport}.`,
      fix: `Publishing is right, so look at ${other.transport}: its url, its opening, and what it ignores.`,
    },
  ];
}

function sideOf(transport: string, { sse, ws }: LoadedTarget) {
  return transport === 'sse' ? sse : ws;
}
