/**
 * What of a request needs a network of its own, which is made of namespaces: where there can be none, it is left
 * out with the reason, and the rest is measured. Known before anything is started.
 */
import { fault } from '../core/errors.ts';
import { pointName } from '../core/result.ts';
import { needsNetwork } from '../loadgen/offered-load.ts';
import type { Request } from './request.ts';

/**
 * @param whyNot asked once, and only where something needs it: why no network can be made; undefined where it can
 * @throws HarnessError where nothing is left
 */
export async function fitToNetworks(
  request: Request,
  whyNot: () => Promise<string | undefined>,
): Promise<Request> {
  const needs = (...which: Parameters<Request['phases']>): boolean =>
    needsNetwork(request.phases(...which));
  const { arms, points, tls } = request;
  if (!points.some((point) => arms.some((arm) => needs(point, arm)))) return request;
  const ofTls = 'the certificate of --tls is made for another address than those of a black hole';
  const why = tls ? undefined : await whyNot();
  if (!tls && why === undefined) return request;

  // As with targets: an arm goes where nothing of it is left, and a point that only some have goes for all.
  const kept = arms.filter((arm) => !points.every((point) => needs(point, arm)));
  const left = points.filter((point) => !kept.some((arm) => needs(point, arm)));
  if (kept.every(({ role }) => role === 'floor') || left.length === 0) {
    throw why === undefined
      ? fault('bad-value', { flag: '--tls', problem: ofTls })
      : fault('no-namespaces', { why });
  }
  const says =
    why === undefined
      ? ofTls
      : `a black hole takes a network of its own (Linux, root, ip and ss of iproute2, nsenter): ${why}`;
  const gone = [
    ...arms.filter((arm) => !kept.includes(arm)).map(({ name }) => name),
    ...points.filter((point) => !left.includes(point)).map(pointName),
  ];
  return {
    ...request,
    arms: kept,
    points: left,
    skipped: [...request.skipped, ...gone.map((what) => ({ what, says }))],
  };
}
