/**
 * Which events were seen already. Ids are `<instance>-<number in base 36>`: numbers rise from event to
 * event, and the instance changes when the server is started anew.
 */

export class EventOrder {
  /** What to say was seen last; undefined before the first event with an id. */
  lastId: string | undefined;
  /** Of each instance, since one may come back: two servers behind one name. */
  private readonly highest = new Map<string, number>();

  /** @param lastId of an event seen earlier, by another client */
  constructor(lastId?: string) {
    if (lastId !== undefined) this.admit(lastId);
  }

  /** @returns whether the event is new; from now on it is not */
  admit(id: string): boolean {
    const parsed = parseEventId(id);
    if (parsed === undefined) {
      // Somebody else's: all that can be told is whether it is the same one again.
      if (id === this.lastId) return false;
    } else {
      const { instance, number } = parsed;
      if (number <= (this.highest.get(instance) ?? -1)) return false;
      this.highest.set(instance, number);
    }
    this.lastId = id;
    return true;
  }
}

/** @returns undefined for an id of another form */
export function parseEventId(id: string): { instance: string; number: number } | undefined {
  const match = /^(.+)-([0-9a-z]{1,11})$/.exec(id);
  if (match === null) return undefined;
  const [, instance = '', number = ''] = match;
  return { instance, number: Number.parseInt(number, 36) };
}

/**
 * How many events lie between two ids, at most: numbers count the events of all rooms of a server.
 * @returns undefined where one of them is not from the same start of the server
 */
export function eventsBetween(after: string, before: string): number | undefined {
  const from = parseEventId(after);
  const to = parseEventId(before);
  if (from === undefined || to === undefined || from.instance !== to.instance) return undefined;
  return Math.max(0, to.number - from.number - 1);
}
