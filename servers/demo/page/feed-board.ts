/** The rooms `clock` and `ticker`, whose events have names of their own: `time` and `quote`. */
import { make, part, write } from './parts.ts';
import type { PushedEvent } from './pushed-event.ts';
import { fieldOf, jsonOf } from './pushed-event.ts';

export interface FeedBoard {
  take(event: PushedEvent): void;
}

export function createFeedBoard(root: ParentNode): FeedBoard {
  const clock = part(root, 'clock', HTMLElement);
  const quotes = part(root, 'quotes', HTMLDListElement);
  const prices = new Map<string, HTMLElement>();
  /** Kept from the beginning, so that nothing moves while quotes come. */
  const places = [...quotes.querySelectorAll('.quote')];

  function quote(symbol: string, price: number, change: number): void {
    let cell = prices.get(symbol);
    if (cell === undefined) {
      cell = make('dd', '');
      prices.set(symbol, cell);
      [...prices].sort().forEach(([name, price], index) => {
        places[index]?.replaceChildren(make('dt', '', name), price);
      });
    }
    write(cell, `${change < 0 ? '▼' : change > 0 ? '▲' : '·'} ${price.toFixed(2)}`);
    cell.className = change < 0 ? 'down' : change > 0 ? 'up' : '';
  }

  return {
    take({ name, text }) {
      const data = jsonOf(text);
      if (name === 'time') {
        const now = fieldOf(data, 'now');
        if (typeof now === 'string') write(clock, `${now.slice(11, 19)} UTC`);
      } else if (name === 'quote') {
        const [symbol, price, change] = ['symbol', 'price', 'change'].map((field) =>
          fieldOf(data, field),
        );
        if (typeof symbol === 'string' && typeof price === 'number' && typeof change === 'number')
          quote(symbol, price, change);
      }
    },
  };
}
