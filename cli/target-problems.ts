/** What is wrong with a target although every field has its type: placeholders, addresses, ways that lead nowhere. */
import { nearestOf } from '../core/nearest.ts';
import type { OpeningStep, Target, TargetPost } from '../core/target.ts';

/** A text of the file, where it stands, and which placeholders mean something there. */
interface Place {
  readonly where: string;
  readonly text: string;
  readonly known: readonly string[];
  /** A URL has no braces of its own, and what else it may begin with. */
  readonly schemes?: readonly string[];
}

const OF_PROCESS = ['port', 'folder'];
const OF_CLIENT = [...OF_PROCESS, 'client'];
const OF_OPENING = [...OF_CLIENT, 'id'];
const OF_MESSAGE = [...OF_PROCESS, 'message'];
const HTTP = ['http:', 'https:'];
const WS = ['ws:', 'wss:'];
/** `${HOME}` is the shell's, and `{{name}}` of some template. */
const PLACEHOLDER = /(?<![${])\{([A-Za-z][A-Za-z0-9_]*)\}(?!\})/g;

/** @returns the rest of a sentence that begins with the file, or undefined where nothing is wrong */
export function problemOfTarget(target: Target): string | undefined {
  const { sse, ws, start } = target;
  if (target.name === 'built-in') return "name: 'built-in' is the server of pushbench itself";
  if (sse === undefined && ws === undefined) {
    return 'it describes neither sse nor ws, so no client could connect; add sse: { url } or ws: { url }';
  }
  const places = placesOf(target);
  const wrong = places.flatMap((place) => problemOfPlace(place) ?? [])[0];
  if (wrong !== undefined) return wrong;
  const [ported] = places.filter(({ text }) => namesIn(text).includes('port'));
  if (start === undefined && ported !== undefined) {
    return `${ported.where} has {port}, but without start nobody chooses a port; write the port that the server listens on, or add start`;
  }
  return (
    problemOfOpening('sse', sse?.opening) ??
    problemOfOpening('ws', ws?.opening) ??
    problemOfPublish(target)
  );
}

function placesOf({ sse, ws, start, build, files, env, publish, cost }: Target): Place[] {
  const of = (where: string, text: string | undefined, known: readonly string[]): Place[] =>
    text === undefined ? [] : [{ where, text, known }];
  const url = (
    where: string,
    text: string | undefined,
    known: readonly string[],
    schemes: readonly string[],
  ): Place[] => of(where, text, known).map((place) => ({ ...place, schemes }));
  const all = (
    where: string,
    texts: Readonly<Record<string, string>> | undefined,
    known: readonly string[],
  ): Place[] =>
    Object.entries(texts ?? {}).flatMap(([name, text]) => of(`${where}.${name}`, text, known));
  const line = (
    where: string,
    command: string | readonly string[] | undefined,
    known: readonly string[],
  ) => [command ?? []].flat().flatMap((text) => of(where, text, known));
  const post = (where: string, one: TargetPost, known: readonly string[]): Place[] => [
    ...url(`${where}.url`, one.url, known, HTTP),
    ...all(`${where}.headers`, one.headers, known),
    ...of(`${where}.body`, one.body, known),
  ];
  const opening = (where: string, steps: readonly OpeningStep[] | undefined): Place[] =>
    (steps ?? []).flatMap((step, index) => {
      if ('send' in step) return of(`${where}.${index}.send`, step.send, OF_OPENING);
      return 'post' in step ? post(`${where}.${index}.post`, step.post, OF_OPENING) : [];
    });
  const ready = start?.ready;
  return [
    ...url('sse.url', sse?.url, OF_CLIENT, HTTP),
    ...all('sse.headers', sse?.headers, OF_CLIENT),
    ...opening('sse.opening', sse?.opening),
    ...url('ws.url', ws?.url, OF_CLIENT, WS),
    ...all('ws.headers', ws?.headers, OF_CLIENT),
    ...opening('ws.opening', ws?.opening),
    ...('post' in publish ? post('publish.post', publish.post, OF_MESSAGE) : []),
    ...('frame' in publish
      ? [
          ...of('publish.frame.text', publish.frame.text, [...OF_MESSAGE, 'id', 'client']),
          ...url('publish.frame.url', publish.frame.url, OF_CLIENT, WS),
        ]
      : []),
    ...('command' in publish
      ? [
          ...line('publish.command', publish.command, OF_MESSAGE),
          ...of('publish.line', publish.line, OF_MESSAGE),
        ]
      : []),
    ...line('start.command', start?.command, OF_PROCESS),
    ...(ready !== undefined && 'url' in ready
      ? url('start.ready.url', ready.url, OF_PROCESS, HTTP)
      : []),
    ...line('build', build, []),
    ...all('files', files, OF_PROCESS),
    ...all('env', env, OF_PROCESS),
    ...(cost !== undefined && 'metrics' in cost
      ? url('cost.metrics', cost.metrics, OF_PROCESS, HTTP)
      : []),
    ...(cost !== undefined && 'pid' in cost && typeof cost.pid === 'string'
      ? of('cost.pid', cost.pid, OF_PROCESS)
      : []),
  ];
}

const namesIn = (text: string): string[] =>
  [...text.matchAll(PLACEHOLDER)].flatMap((match) => match[1] ?? []);

function problemOfPlace({ where, text, known, schemes }: Place): string | undefined {
  const every = [...OF_OPENING, 'message'];
  for (const name of namesIn(text)) {
    if (known.includes(name)) continue;
    if (every.includes(name)) {
      return `${where} has {${name}}, which means nothing there; ${
        known.length === 0 ? 'no placeholder does' : `it may have ${listed(known)}`
      }`;
    }
    // Outside a URL, braces may be the text's own.
    const nearest = nearestOf(name, known);
    if (schemes === undefined && nearest === undefined) continue;
    return `${where} has {${name}}, and there is no such placeholder; ${
      nearest === undefined ? `it may have ${listed(known)}` : `did you mean {${nearest}}?`
    }`.replace(/\?$/, '');
  }
  return schemes === undefined ? undefined : problemOfUrl(where, text, schemes);
}

function problemOfUrl(where: string, text: string, schemes: readonly string[]): string | undefined {
  const [scheme = ''] = schemes;
  const example = `${scheme}//127.0.0.1:{port}/…`;
  let url: URL;
  try {
    // A port has to be a number, and nothing else of a placeholder matters to the address.
    url = new URL(text.replaceAll('{port}', '1').replace(PLACEHOLDER, 'x'));
  } catch {
    return `${where}: '${text}' is no address; write it like ${example}`;
  }
  return schemes.includes(url.protocol)
    ? undefined
    : `${where}: '${text}' does not begin with ${schemes.map((one) => `${one}//`).join(' or ')}`;
}

function listed(names: readonly string[]): string {
  return names.map((name) => `{${name}}`).join(', ');
}

/** `{id}` has to be found before it is said, and a stream of events has no way up. */
function problemOfOpening(
  side: 'sse' | 'ws',
  steps: readonly OpeningStep[] = [],
): string | undefined {
  let hasId = false;
  for (const [index, step] of steps.entries()) {
    const where = `${side}.opening.${index}`;
    if ('await' in step) {
      hasId ||= step.await.includes('(?<id>');
      continue;
    }
    if ('send' in step && side === 'sse') {
      return `${where}.send: nothing can be sent over Server-Sent Events; use post, or describe it in ws`;
    }
    const text = JSON.stringify(step);
    if (!hasId && namesIn(text).includes('id')) {
      return `${where} has {id}, but no step before it finds one; add { await: '…(?<id>…)…' }`;
    }
  }
  return undefined;
}

/** A message that is said nowhere arrives nowhere. */
function problemOfPublish({ publish, ws }: Target): string | undefined {
  const carries = (text: string | undefined): boolean => text?.includes('{message}') === true;
  if ('post' in publish) {
    const { url, headers = {}, body } = publish.post;
    return [url, body, ...Object.values(headers)].some(carries)
      ? undefined
      : 'publish.post has {message} neither in url nor in body, so nothing would arrive';
  }
  if ('frame' in publish) {
    if (!carries(publish.frame.text))
      return 'publish.frame.text has no {message}, so nothing would arrive';
    return publish.frame.url === undefined && ws === undefined
      ? 'publish.frame has no url, and there is no ws whose url it could use'
      : undefined;
  }
  const hasArgument = [publish.command].flat().some(carries);
  if (!hasArgument && publish.line !== undefined && !carries(publish.line)) {
    return 'publish.line has no {message}, so nothing would arrive';
  }
  return undefined;
}
