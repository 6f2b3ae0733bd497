/** A process for the command line that is none: what is said is kept, and nothing outside is touched. */
import type { Io } from '../cli/io.ts';

export interface FakeIo {
  readonly io: Io;
  /** What has been printed so far. */
  readonly said: { readonly out: string; readonly err: string };
}

/**
 * Without arguments, environment, terminal, colours or an end, unless they are given.
 * @param heard called after each text, on whichever stream
 */
export function fakeIo(
  given: Partial<Omit<Io, 'out' | 'err'>> = {},
  heard: () => void = () => undefined,
): FakeIo {
  const said = { out: '', err: '' };
  const printer =
    (stream: keyof typeof said) =>
    (text: string): void => {
      said[stream] += text;
      heard();
    };
  const io: Io = {
    args: [],
    env: {},
    terminal: undefined,
    columns: 100,
    color: false,
    signal: new AbortController().signal,
    ...given,
    out: printer('out'),
    err: printer('err'),
  };
  return { io, said };
}
