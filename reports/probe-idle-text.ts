/** What became of the connections that were watched, in sentences. */
import type { IdleFacts, IdleVerdict, ProbeResult, StreamKind } from '../core/records/probe.ts';
import { formatCount } from '../core/units.ts';
import { endsByItself } from './probe-advice.ts';
import { each, endText, silentNames, talkText, timeText } from './probe-words.ts';

export function idleText(result: ProbeResult): string[] {
  const { idle, transport } = result;
  const oldest = Math.max(0, ...idle.watches.map(({ ageMs }) => ageMs));
  return [
    ...(idle.interrupted
      ? [`Interrupted after ${timeText(oldest)}; what follows is what was seen until then.`]
      : []),
    ...verdictText(result, oldest),
    ...(idle.refused === undefined
      ? []
      : [
          `${formatCount(idle.refused.count, 'connection')} more could not be had: ${idle.refused.why}.`,
        ]),
    ...(idle.verdict.kind === 'none' ? [] : eachCut(idle, transport)),
  ];
}

function verdictText(result: ProbeResult, oldest: number): string[] {
  if (endsByItself(result)) {
    return [
      `The server ended ${formatCount(result.idle.verdict.cuts, 'connection')} by itself, in good order, after ${timeText(oldest)} at most.`,
    ];
  }
  const { idle, transport } = result;
  const { verdict, watches } = idle;
  const { kind, lowMs, highMs, cutMs, cuts } = verdict;
  const cut = watches.filter(({ end }) => end.how !== 'open');
  const how = each(cut.map(({ end }) => endText(end, transport)));
  switch (kind) {
    case 'none':
      return noCut(result, oldest);
    case 'cut':
      return [
        `Cut after ${timeText(cutMs ?? 0)} of silence, on ${cuts} of ${formatCount(watches.length, 'connection')}, with ${how}.`,
        ...whose(verdict, transport),
        lowMs >= 1
          ? `The longest silence that was survived is ${timeText(lowMs)}; the shortest that was not, ${timeText(highMs ?? 0)}.`
          : 'No shorter silence was there to be survived.',
        'Whether the server or something on the way cuts cannot be seen from outside.',
      ];
    case 'age':
      return [
        `All ${formatCount(cuts, 'connection')} that were cut were ${timeText(cutMs ?? 0)} old, whatever was said on them: that is a limit on the age of a connection, or the server ended all at that moment. They ended with ${how}.`,
      ];
    case 'unclear':
      return [
        `${cuts} of ${formatCount(watches.length, 'connection')} were cut, and neither one silence nor one age explains all of them; they ended with ${how}.`,
      ];
    case 'swallowed':
      return [
        `After a silence of between ${timeText(lowMs)} and ${timeText(highMs ?? 0)} nothing comes through any more, and neither end is told.`,
      ];
  }
}

function noCut(
  { idle, transport, heartbeats, pingMs, events }: ProbeResult,
  oldest: number,
): string[] {
  const { watches, verdict } = idle;
  const none = `${formatCount(watches.length, 'connection')} watched for ${timeText(oldest)}, none cut.`;
  const isPinged = transport === 'ws' && pingMs !== undefined;
  if (!isPinged && verdict.lowMs < 1) {
    return [
      `${none} Nothing was sent meanwhile, so it can be said only that nobody was told of an end.`,
    ];
  }
  // What was heard of a server that is asked nothing, it said by itself.
  const speaks = !isPinged || heartbeats.length > 0 || events.events > 0;
  const survived = timeText(verdict.lowMs);
  return [
    `${none} The longest silence of the server that was survived is ${survived}.`,
    ...(speaks
      ? [
          `The server speaks by itself, so a timer longer than ${survived} cannot be seen from outside.`,
        ]
      : []),
  ];
}

/** Whose silence it is that counts, and what was not to be seen. */
function whose({ silent, maybeAge }: IdleVerdict, transport: StreamKind): string[] {
  // The client of an event stream has no say.
  const key = transport === 'ws' ? silent.join('+') : silent.includes('client') ? 'mute' : 'sse';
  const known: Record<string, string> = {
    sse: 'What the server sends keeps it open.',
    mute: 'The server never spoke in time, so whether it keeps it open by speaking was not to be seen.',
    server:
      'It is the silence of the server that counts: what the client says does not keep it open.',
    client:
      'It is the silence of the client that counts: what the server says does not keep it open.',
    both: 'It counts when both sides are silent: either keeps it open by speaking.',
    'both+client':
      'What the client says keeps it open; whether the server alone could was not to be seen.',
    'both+server':
      'What the server says keeps it open; whether the client alone could was not to be seen.',
  };
  return [
    known[key] ??
      `Whose silence counts cannot be told: ${silent.map((one) => silentNames[one]).join(', ')} fit alike.`,
    ...(maybeAge
      ? [
          'It could as well be the age of the connection: all that were cut were as old, and none grew older.',
        ]
      : []),
  ];
}

function eachCut({ watches }: IdleFacts, transport: StreamKind): string[] {
  return watches.map(
    ({ talk, end, ageMs }) =>
      `  ${talkText(talk)}: ${end.how === 'open' ? `open after ${timeText(ageMs)}` : `ended at ${timeText(ageMs)} with ${endText(end, transport)}`}`,
  );
}
