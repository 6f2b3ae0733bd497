/** What to do about a study of proxies: the heartbeat for each route, and what is in the way of streams. */
import type { Study } from '../../core/records/study.ts';
import { safeInterval } from '../probe-advice.ts';
import { timeText } from '../probe-words.ts';
import { cellAt } from './study-text.ts';

export function adviceOfProxies(study: Study): string[] {
  return study.routes.flatMap((route) => [
    ...heartbeatFor(study, route),
    ...obstaclesOn(study, route),
  ]);
}

/** By the shortest silence that was cut over either transport: a heartbeat is usually set once for both. */
function heartbeatFor(study: Study, route: string): string[] {
  const cuts = study.transports.flatMap((transport) =>
    (cellAt(study.cells, 'idle', route, transport)?.samples ?? []).flatMap(({ figures }) =>
      Object.entries(figures).flatMap(([name, value]) =>
        name.endsWith('.notSurvivedMs') || name.endsWith('.cutMs') ? value : [],
      ),
    ),
  );
  if (cuts.length === 0) return [];
  const shortest = Math.min(...cuts);
  return [
    `${route}: let the server send a heartbeat every ${timeText(safeInterval(shortest))}; connections are cut after ${timeText(shortest)}.`,
  ];
}

function obstaclesOn(study: Study, route: string): string[] {
  return study.measures.flatMap(({ name, title }) => {
    const found = study.transports.flatMap((transport) => {
      const judged = cellAt(study.cells, name, route, transport)?.judgement;
      return judged?.grade === 'bad' ? [{ transport, says: judged.says }] : [];
    });
    return found.map(({ transport, says }) => `${route} ${transport}, ${title}: ${says}`);
  });
}
