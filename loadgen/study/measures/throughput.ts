/**
 * What a route carries when the server sends as fast as the path takes it, over one stream and over many,
 * and what the proxy pays for each delivery. Both ends are in this process, on one core: the direct path,
 * measured right before, is as much as they can do.
 */
import { formatNanoseconds, formatNumber } from '../../../core/units.ts';
import { countText, seen, typical } from '../figures.ts';
import { flood } from '../flood.ts';
import type { Found, Measure } from '../measure.ts';

const STREAMS = 20;
/** About how long one flood takes, ms. */
const FLOOD_MS = 1_200;
/** As busy as one core can be. */
const BUSY_SHARE = 0.9;
/** Of the direct path; that is no less, then. */
const MUCH_SHARE = 0.8;
/** Of the direct path; less is to know of. */
const LITTLE_SHARE = 0.1;

export const throughput: Measure = {
  name: 'throughput',
  title: 'throughput',
  question: `How many messages a second does it deliver over one stream and over ${STREAMS}, and what does each cost the proxy in CPU?`,
  waits: false,
  takesMs: () => ({ alone: 4 * FLOOD_MS, waits: 0 }),
  async look(path) {
    const direct = { ...path, endpoint: path.direct, pids: () => [] };
    const directOne = await flood(direct, 1);
    const directMany = await flood(direct, STREAMS);
    const isDirect = path.pids().length === 0;
    const one = isDirect ? directOne : await flood(path, 1);
    const many = isDirect ? directMany : await flood(path, STREAMS);
    return {
      figures: seen({
        onePerSecond: one.perSecond,
        perSecond: many.perSecond,
        directOnePerSecond: directOne.perSecond,
        directPerSecond: directMany.perSecond,
        oneCpuNs: one.cpuNs,
        cpuNs: many.cpuNs,
        endsShare: many.endsShare,
        missing: one.missing + many.missing,
      }),
      facts: {},
    };
  },
  judge: (found, { route }) => judge(found, route),
  agreement: { figure: 'perSecond', share: 0.5, slack: 1_000 },
};

function judge(found: readonly Found[], route: string): ReturnType<Measure['judge']> {
  const figure = (name: string): number => typical(found, name) ?? 0;
  const [one, many, missing] = [figure('onePerSecond'), figure('perSecond'), figure('missing')];
  const text = rate(many);
  const both = `${rate(many)} over ${STREAMS} streams, ${rate(one)} over one`;
  if (missing > 0) {
    return {
      text: `${countText(missing)} lost`,
      grade: 'bad',
      says: `Delivers ${both}; ${countText(missing)} messages had not come when nothing moved any more.`,
    };
  }
  if (route === 'direct') {
    return {
      text,
      grade: 'plain',
      says: `Delivers ${both}: as much as both ends, in one process, can do.`,
    };
  }
  const [directOne, direct] = [figure('directOnePerSecond'), figure('directPerSecond')];
  const ns = typical(found, 'cpuNs');
  const cost =
    ns === undefined
      ? 'What it costs could not be read.'
      : `A delivery takes ${formatNanoseconds(ns)} of the proxy’s CPU, ${rate(1e9 / ns)} per core.`;
  const doubt =
    figure('endsShare') > BUSY_SHARE || many >= MUCH_SHARE * direct
      ? ' That is what both ends can do, so the proxy may carry more.'
      : '';
  return {
    text,
    grade: many < LITTLE_SHARE * direct || one < LITTLE_SHARE * directOne ? 'fair' : 'plain',
    says: `Delivers ${both} (directly ${rate(direct)} and ${rate(directOne)}). ${cost}${doubt}`,
  };
}

/** To three digits: more is not known. */
function rate(perSecond: number): string {
  if (perSecond <= 0) return '0/s';
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(perSecond)) - 2);
  return `${formatNumber(Math.round(perSecond / unit) * unit)}/s`;
}
