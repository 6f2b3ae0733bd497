/**
 * How many connections a proxy takes with the limits that it sets itself, and what happens to the next one.
 * Everything else is measured with limits that fit the load, or they would be all that is measured; here
 * those are taken back, and what somebody has set stays.
 */
import { readLimits } from '../../limits.ts';
import { climb, WAITS } from '../climb.ts';
import { commonest, countText, typical } from '../figures.ts';
import type { Found, Measure } from '../measure.ts';
import { limitsIn, withOwnLimits } from '../own-limits.ts';

/** More are not tried. */
const MOST = 1_200;
/** So few that are refused while others are let in are no ceiling. */
const FEW_SHARE = 0.05;
/** Of this process, for everything else that is open meanwhile. */
const OTHER_DESCRIPTORS = 300;

export const ceiling: Measure = {
  name: 'ceiling',
  title: 'connections',
  question:
    'How many connections does it take with the limits that it sets itself, and what happens to the next one?',
  waits: false,
  takesMs: () => ({ alone: 4_000, waits: 0 }),
  async look(path) {
    let limits = '';
    const instance = await path.another((proxy, template) => {
      const own = withOwnLimits(template);
      limits = limitsIn(proxy, own);
      return own;
    });
    try {
      // Both ends of each are in this process.
      const room = Math.floor((readLimits().descriptors - OTHER_DESCRIPTORS) / 2);
      const { held, cut, tried, isFull, refusals } = await climb(
        { ...path, endpoint: instance.endpoint },
        Math.min(MOST, room),
      );
      const beyond = [...refusals].sort(([, a], [, b]) => b - a);
      return {
        figures: {
          held,
          cut,
          tried,
          full: isFull ? 1 : 0,
          refused: beyond.reduce((sum, [, count]) => sum + count, 0),
        },
        facts: {
          ...(limits === '' ? {} : { limits }),
          ...(beyond.length === 0 ? {} : { beyond: beyond.map(([how]) => how).join(' or ') }),
        },
      };
    } finally {
      await instance.stop();
    }
  },
  judge,
  agreement: { figure: 'held', share: 0.1, slack: 10 },
};

function judge(found: readonly Found[]): ReturnType<Measure['judge']> {
  const figure = (name: string): number => typical(found, name) ?? 0;
  const [held, tried, cut] = [figure('held'), figure('tried'), figure('cut')];
  const limits = commonest(found, 'limits');
  const by = limits === undefined ? '' : ` (${limits})`;
  const beyond = commonest(found, 'beyond');
  const refused = figure('refused');
  const lost = cut > 0 ? ` ${countText(cut)} that had been let in were cut again.` : '';
  if (beyond === undefined || (figure('full') === 0 && refused < FEW_SHARE * tried)) {
    const taken =
      refused === 0
        ? `all ${countText(tried)} connections that were tried`
        : `${countText(tried - refused)} of ${countText(tried)} connections, without an end; ${countText(refused)} in between did not come about (${beyond ?? ''})`;
    return {
      text: `≥ ${countText(held)}`,
      grade: cut > 0 ? 'bad' : refused > 0 ? 'fair' : 'good',
      says: `It took ${taken}${by}.${lost}`,
    };
  }
  const waits = beyond.includes(WAITS);
  return {
    text: countText(held),
    grade: waits || cut > 0 ? 'bad' : 'fair',
    says: `It takes ${countText(held)} connections${by}. ${wordsFor(beyond)}${lost}`,
  };
}

function wordsFor(beyond: string): string {
  if (beyond === WAITS) {
    return 'The next one is connected by the kernel and waits, and nobody is told.';
  }
  const told = beyond.split(' or ').map((how) => (how === WAITS ? 'waits' : `is ${how}`));
  return `The next one ${told.join(' or ')}.`;
}
