/** What compression in a proxy means for a stream, in words: from the figures of the measure to its cell. */
import { formatPercent } from '../../core/units.ts';
import { commonest, msText, typical } from './figures.ts';
import type { Found, Measure } from './measure.ts';

type Judged = ReturnType<Measure['judge']>;

/** More are not the odd pause of a machine. */
const FEW_SHARE = 0.1;
/** Less is the jitter of framing. */
const TOUCHED_SHARE = 0.01;
/** More than this is felt, ms. */
const SLOW_MS = 5;

/** How events of one stream came. */
export interface Coming {
  /** Not there a second after the last was sent. */
  readonly missing: number;
  /** Of those that came, together with others that were sent apart. */
  readonly clumpedShare: number;
  /** Of those that came, not before the next one was sent. */
  readonly behindShare: number;
}

/** Whether one stream is held back in a way in which the other is not. */
export const holdsMore = (one: Coming, other: Coming): boolean =>
  (one.missing > 0 && other.missing === 0) || holdsMoreOften(one, other);

/** Not only the last one, which may be chance. */
export const holdsMoreOften = (one: Coming, other: Coming): boolean =>
  (one.missing > 1 && other.missing <= 1) ||
  (one.clumpedShare > FEW_SHARE && other.clumpedShare <= FEW_SHARE) ||
  (one.behindShare > FEW_SHARE && other.behindShare <= FEW_SHARE);

const AT_ONCE: Coming = { missing: 0, clumpedShare: 0, behindShare: 0 };

export function judgeFrames(found: readonly Found[], route: string): Judged {
  const [plain = 0, coded = 0] = [typical(found, 'plainBytes'), typical(found, 'codedBytes')];
  if (route === 'direct') {
    return {
      text: `${Math.round(plain)} B`,
      grade: 'plain',
      says: `A message takes ${Math.round(plain)} B on the wire.`,
    };
  }
  const saved = plain === 0 ? 0 : 1 - coded / plain;
  return Math.abs(saved) <= TOUCHED_SHARE
    ? {
        text: 'untouched',
        grade: 'plain',
        says: `A message takes ${Math.round(coded)} B on the wire, as without the proxy: it does not compress what is in a WebSocket, which is for its ends to agree on.`,
      }
    : {
        text: change(saved),
        grade: 'fair',
        says: `A message takes ${Math.round(coded)} B on the wire, and ${Math.round(plain)} B without the proxy: it changes what is in a WebSocket.`,
      };
}

export function judgeEvents(found: readonly Found[], route: string): Judged {
  const figure = (name: string): number => typical(found, name) ?? 0;
  const [text, plain, coded] = [figure('textBytes'), figure('plainBytes'), figure('codedBytes')];
  const alone = `A message of ${Math.round(text)} B takes ${Math.round(plain)} B on the wire`;
  if (route === 'direct') {
    return { text: `${Math.round(plain)} B`, grade: 'plain', says: `${alone}.` };
  }
  const encoding = commonest(found, 'encoding');
  if (encoding === undefined) {
    return {
      text: 'does not',
      grade: 'fair',
      says: `${alone}, whether or not the client asks for less: told to compress event streams, the proxy does not.`,
    };
  }
  const saved = plain === 0 ? 0 : 1 - coded / plain;
  const less = `${alone}, and ${Math.round(coded)} B with ${encoding} (${change(saved)})`;
  const forbidden =
    commonest(found, 'noTransform') === 'none'
      ? ' With Cache-Control: no-transform from the server it is not compressed.'
      : ' Cache-Control: no-transform from the server does not stop it.';
  const asked = {
    missing: figure('missing'),
    clumpedShare: figure('clumpedShare'),
    behindShare: figure('behindShare'),
  };
  const unasked = {
    missing: figure('plainMissing'),
    clumpedShare: figure('plainClumpedShare'),
    behindShare: figure('plainBehindShare'),
  };
  const others = holdsMoreOften(unasked, AT_ONCE);
  if (others ? asked.missing > 1 && unasked.missing <= 1 : holdsMore(asked, unasked)) {
    const { text: held, says } = holding(asked, figure('sent'));
    return {
      text: held,
      grade: 'bad',
      says: `${less}, but the compressor holds events back: ${says}; without compression it is not so.${advice(found)}${forbidden}`,
    };
  }
  if (others) {
    return {
      text: change(saved),
      grade: saved <= 0 ? 'fair' : 'good',
      says: `${less}. With it or without, events do not come at once, so what it adds to each cannot be told.${forbidden}`,
    };
  }
  const added = figure('addedMs');
  return {
    text: change(saved),
    grade: added > SLOW_MS || saved <= 0 ? 'fair' : 'good',
    says: `${less}. Packing and unpacking add ${msText(Math.max(0, added))} to an event; none are held back.${forbidden}`,
  };
}

function holding(
  { missing, clumpedShare, behindShare }: Coming,
  sent: number,
): { text: string; says: string } {
  if (missing > 1) {
    return {
      text: `${missing} of ${sent} held`,
      says: `${missing} of ${sent} come only when more follows, or the stream ends`,
    };
  }
  if (behindShare > FEW_SHARE) {
    return {
      text: `${formatPercent(behindShare)} behind`,
      says: `${formatPercent(behindShare)} come only when the next one is sent`,
    };
  }
  return clumpedShare > FEW_SHARE
    ? {
        text: `${formatPercent(clumpedShare)} clumped`,
        says: `${formatPercent(clumpedShare)} come together with others that were sent apart`,
      }
    : { text: 'last held', says: 'the last one came only when the stream ended' };
}

/** Whether the server can help. */
function advice(found: readonly Found[]): string {
  const missing = typical(found, 'advisedMissing');
  const clumpedShare = typical(found, 'advisedClumpedShare');
  const behindShare = typical(found, 'advisedBehindShare');
  if (missing === undefined || clumpedShare === undefined || behindShare === undefined) return '';
  const bytes = typical(found, 'advisedBytes');
  return holdsMore({ missing, clumpedShare, behindShare }, AT_ONCE)
    ? ' X-Accel-Buffering: no from the server does not help.'
    : ` With X-Accel-Buffering: no from the server they come at once${bytes === undefined ? '' : `, in ${Math.round(bytes)} B each`}.`;
}

const change = (saved: number): string =>
  saved >= 0 ? `${formatPercent(saved)} less` : `${formatPercent(-saved)} more`;
