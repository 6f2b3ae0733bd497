/** One line of the self-benchmark: a figure, the limit it is held to, and whether it keeps it. */

export interface Finding {
  readonly id: string;
  readonly value: number;
  readonly unit: string;
  /** Undefined where the figure is information only. */
  readonly limit: number | undefined;
  readonly ok: boolean;
  readonly says: string;
}

export function atMost(
  id: string,
  value: number,
  limit: number,
  unit: string,
  says: string,
): Finding {
  return { id, value, unit, limit, ok: value <= limit, says };
}

export function atLeast(
  id: string,
  value: number,
  limit: number,
  unit: string,
  says: string,
): Finding {
  return { id, value, unit, limit, ok: value >= limit, says };
}

export function information(id: string, value: number, unit: string, says: string): Finding {
  return { id, value, unit, limit: undefined, ok: true, says };
}
