/** An event as it came down, the same for both protocols; how each writes it is in docs/push-server.md. */

export interface PushedEvent {
  /** 'message' where it has none. */
  readonly name: string;
  /** '' where it has none. */
  readonly id: string;
  /** Its data; in base64 where it is binary. */
  readonly text: string;
  /** As it was on the wire. */
  readonly raw: string;
}

/**
 * EventSource does not hand out what it reads, but the fields determine it.
 * @param id '' where the event had no id of its own: `lastEventId` keeps that of an earlier one
 */
export function fromStream(name: string, id: string, text: string): PushedEvent {
  const idLine = id === '' ? '' : `id: ${id}\n`;
  const nameLine = name === 'message' ? '' : `event: ${name}\n`;
  const lines = text.split('\n').map((line) => `data: ${line}\n`);
  return { name, id, text, raw: `${idLine}${nameLine}${lines.join('')}\n` };
}

/** A text frame is the data alone, or an envelope that can be told by its first bytes. */
export function fromTextFrame(raw: string): PushedEvent {
  if (!/^\{"(event|id|data)":/.test(raw)) return { name: 'message', id: '', text: raw, raw };
  const envelope = JSON.parse(raw) as { event?: string; id?: string; data: unknown };
  const { event: name = 'message', id = '', data } = envelope;
  return { name, id, text: typeof data === 'string' ? data : JSON.stringify(data), raw };
}

/** A binary frame is one byte with the length of the id, the id, the data. */
export function fromBinaryFrame(frame: ArrayBuffer): PushedEvent {
  const bytes = new Uint8Array(frame);
  const from = 1 + (bytes[0] ?? 0);
  const letters = (part: Uint8Array): string =>
    Array.from(part, (byte) => String.fromCharCode(byte)).join('');
  return {
    name: 'binary',
    id: letters(bytes.subarray(1, from)),
    text: btoa(letters(bytes.subarray(from))),
    raw: Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' '),
  };
}

/** Data as what it says in JSON; undefined where it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** A field of data that somebody else has made. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
