/** How long the head of a stream, or the upgrade to a WebSocket, takes through a path; and what is spoken behind it. */
import { randomUUID } from 'node:crypto';
import { median } from '../../../core/median.ts';
import { openStream } from '../../probing/connection.ts';
import type { ProbeEndpoint } from '../../probing/endpoint.ts';
import { commonest, msText, seen, typical } from '../figures.ts';
import type { Measure, StudyPath } from '../measure.ts';

const PAIRS = 5;
/** More than this is felt, ms. */
const SLOW_MS = 20;
const LATE_MS = 150;

export const head: Measure = {
  name: 'head',
  title: 'head',
  question: 'How much later do the head of a stream and the answer to an upgrade come?',
  waits: false,
  takesMs: () => ({ alone: 300, waits: 0 }),
  async look(path) {
    const [through, direct]: [number[], number[]] = [[], []];
    let spoken = '';
    // One after the other, in turn, so that a busy moment is in both.
    for (let n = 0; n < PAIRS; n += 1) {
      const one = await headThrough(path, path.endpoint);
      spoken = one.httpVersion;
      through.push(one.headMs);
      direct.push((await headThrough(path, path.direct)).headMs);
    }
    const [headMs = 0, directMs = 0] = [median(through), median(direct)];
    return {
      figures: seen({ headMs, directMs, addedMs: headMs - directMs }),
      facts: { httpVersion: spoken },
    };
  },
  judge(found, { transport, route }) {
    const added = typical(found, 'addedMs') ?? 0;
    const total = typical(found, 'headMs') ?? 0;
    const what = transport === 'sse' ? 'The head' : 'The answer to the upgrade';
    const version = commonest(found, 'httpVersion') ?? '1.1';
    const old =
      version === '1.0'
        ? ' The server is spoken with in HTTP/1.0, which knows neither upgrades nor reuse.'
        : '';
    return {
      text: msText(total),
      grade: added > LATE_MS ? 'bad' : added > SLOW_MS ? 'fair' : 'good',
      says:
        route === 'direct'
          ? `${what} takes ${msText(total)}.${old}`
          : `${what} takes ${msText(total)}, ${msText(Math.max(0, added))} more than directly.${old}`,
    };
  },
  agreement: { figure: 'headMs', share: 0.5, slack: 5 },
};

async function headThrough(
  { origin, transport, signal }: StudyPath,
  endpoint: ProbeEndpoint,
): Promise<{ headMs: number; httpVersion: string }> {
  const id = randomUUID();
  const url = new URL(origin.pathOf(transport, id), endpoint.url);
  const watched = await openStream({ ...endpoint, url }, { arrived: () => undefined }, { signal });
  const { httpVersion } = await origin.session(id);
  await watched.leave();
  return { headMs: watched.times.headMs, httpVersion };
}
