/** One column: a connection, and everything the page shows of it. */
import { post } from './address.ts';
import { createAskBox } from './ask-box.ts';
import { createEventList } from './event-list.ts';
import { createFeedBoard } from './feed-board.ts';
import type { LatencyChart } from './latency-chart.ts';
import type { Link, LinkListener, LinkState } from './link.ts';
import { Outage } from './outage.ts';
import type { OwnMessages } from './own-messages.ts';
import { announce, part, write } from './parts.ts';
import type { PushedEvent } from './pushed-event.ts';
import { fieldOf, jsonOf } from './pushed-event.ts';
import type { Requests } from './requests.ts';
import { createRequests } from './requests.ts';

export interface Column {
  readonly link: Link;
  readonly requests: Requests;
}

/** In what one column differs from the other. */
export interface ColumnKind {
  readonly title: string;
  /** How it comes back after a cut. */
  readonly cutNote: string;
  /** Where the bytes shown are from. */
  readonly wireNote: string;
  /** Makes the connection, which tells the column what becomes of it. */
  readonly connect: (listener: LinkListener) => Link;
}

export function createColumn(
  root: HTMLElement,
  kind: ColumnKind,
  own: OwnMessages,
  latency: LatencyChart,
): Column {
  const { title } = kind;
  write(part(root, 'cut-note', HTMLElement), kind.cutNote);
  write(part(root, 'wire-note', HTMLElement), kind.wireNote);
  const events = createEventList(root);
  const feeds = createFeedBoard(root);
  const session = part(root, 'session', HTMLElement);
  const cut = part(root, 'cut', HTMLButtonElement);
  const cutOutcome = part(root, 'cut-outcome', HTMLParagraphElement);
  const counters = { events: 0, messages: 0, replayed: 0, reconnects: 0 };
  let outage: Outage | undefined;
  let wasOpen = false;

  function onState(state: LinkState, says: string): void {
    root.dataset['state'] = state;
    write(part(root, 'state', HTMLElement), says);
    if (state === 'open') wasOpen = true;
    if (!wasOpen || state === 'open' || state === 'connecting') return;
    if (outage === undefined || outage.isBack) {
      outage = new Outage(new Date(), performance.now());
      announce(`${title}: the connection is cut`);
    }
    write(cutOutcome, `${outage.says}: ${says}.`);
  }

  function onEvent(event: PushedEvent): void {
    if (event.name === 'welcome') onWelcome(event);
    const replayed = outage?.take(event) ?? false;
    if (replayed && outage !== undefined) showOutage(outage);
    counters.events += 1;
    if (event.name === 'message') counters.messages += 1;
    if (replayed) counters.replayed += 1;
    showCounters();
    events.add(event, replayed);
    feeds.take(event);
    if (event.name === 'answer') requests.take(event);
    else if (event.name === 'ask') asks.take(event);
    // What was replayed waited for the connection, not for the network.
    else if (event.name === 'message' && !replayed) {
      const arrival = own.arrived(event.text);
      if (arrival !== undefined) latency.add(arrival.ms, arrival.way);
    }
  }

  function onWelcome({ text }: PushedEvent): void {
    const welcome = jsonOf(text);
    const id = String(fieldOf(welcome, 'session'));
    write(session, `${id.slice(0, 8)}…`);
    session.title = id;
    cut.disabled = false;
    if (outage === undefined || outage.isBack) return;
    counters.reconnects += 1;
    const resumed = fieldOf(welcome, 'resumed') === true;
    outage.back(performance.now(), resumed, Number(fieldOf(welcome, 'replay')));
    showOutage(outage);
  }

  function showOutage(shown: Outage): void {
    write(cutOutcome, shown.says);
    if (shown.isOver) announce(`${title}: ${shown.says}`);
  }

  function showCounters(): void {
    for (const [name, count] of Object.entries(counters)) {
      write(part(root, `count-${name}`, HTMLElement), count.toLocaleString('en-US'));
    }
  }

  cut.addEventListener('click', async () => {
    const { status, text } = await post(`/sessions/${link.session}/cut`);
    if (status !== 204) write(cutOutcome, `Not cut. POST answered ${status}: ${text}`);
  });
  cut.disabled = true;
  const link = kind.connect({ state: onState, event: onEvent });
  const requests = createRequests(link);
  const asks = createAskBox(root, title, link);
  link.open();
  return { link, requests };
}
