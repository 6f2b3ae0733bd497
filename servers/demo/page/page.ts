/** The page of `npm run demo`: the same server on EventSource and on WebSocket, side by side. */
import { createColumn } from './column.ts';
import { latencyCharts } from './latency-chart.ts';
import { setUpLimits } from './limit-box.ts';
import { createOwnMessages } from './own-messages.ts';
import { part, write } from './parts.ts';
import { setUpPublishing } from './publish-box.ts';
import { setUpRequests } from './request-box.ts';
import { createSseLink } from './sse-link.ts';
import { createWsLink } from './ws-link.ts';

const tab = `tab-${Math.random().toString(36).slice(2, 6)}`;
write(part(document, 'tab', HTMLElement), tab);
const own = createOwnMessages(tab);

const latencyChart = latencyCharts();

const sseRoot = part(document, 'column-sse', HTMLElement);
const wsRoot = part(document, 'column-ws', HTMLElement);
const template = part(document, 'column', HTMLTemplateElement);
for (const root of [sseRoot, wsRoot]) root.append(template.content.cloneNode(true));
// What only one of them has.
part(wsRoot, 'keeps-session-row', HTMLElement).remove();
const keepsSession = part(sseRoot, 'keeps-session', HTMLInputElement);

const sse = createColumn(
  sseRoot,
  {
    title: 'SSE',
    cutNote:
      'By itself, EventSource comes back after 3 s and says Last-Event-ID: nothing is lost, but its URL still asks for a new session. To be the same session, the page has to open another EventSource.',
    wireNote:
      'Put together from the fields of the event, which determine it; EventSource shows no bytes.',
    connect: (listener) => createSseLink(listener, () => keepsSession.checked),
  },
  own,
  latencyChart(sseRoot),
);
const ws = createColumn(
  wsRoot,
  {
    title: 'WebSocket',
    cutNote:
      'A WebSocket does not come back by itself: the page opens another, after a random time below a limit that doubles, with the session and the last event in its URL.',
    wireNote: 'The text of each frame as it came; behind 2 to 10 bytes of frame head.',
    connect: createWsLink,
  },
  own,
  latencyChart(wsRoot),
);
setUpPublishing(document, own, { sse, ws });
setUpRequests(document, { sse, ws });
setUpLimits(document);
