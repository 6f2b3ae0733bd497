import { expect, test } from 'vitest';
import type { ConnectPhase } from '../../core/scenario.ts';
import { connectQuery } from '../../loadgen/connect-query.ts';

interface Case {
  readonly says: string;
  readonly phase: Partial<ConnectPhase>;
  readonly client: number;
  readonly query: string | undefined;
}

test.each<Case>([
  { says: 'nothing is said where nothing is wanted', phase: {}, client: 3, query: undefined },
  { says: 'a history of none is nothing', phase: { history: 0 }, client: 3, query: undefined },
  { says: 'an identity', phase: { addressable: true }, client: 3, query: 'session=new' },
  { says: 'no identity', phase: { addressable: false }, client: 3, query: undefined },
  { says: 'a room', phase: { rooms: 3 }, client: 7, query: 'room=r1' },
  {
    says: 'keys, around their end',
    phase: { keys: { of: 4, each: 2 } },
    client: 3,
    query: 'key=k3&key=k0',
  },
  { says: 'no key twice', phase: { keys: { of: 2, each: 5 } }, client: 1, query: 'key=k1&key=k0' },
  {
    says: 'everything',
    phase: { addressable: true, rooms: 2, keys: { of: 2, each: 1 }, history: 10 },
    client: 0,
    query: 'session=new&room=r0&key=k0&history=10',
  },
])('$says is asked for as $query', ({ phase, client, query }) => {
  expect(connectQuery({ kind: 'connect', clients: 10, ...phase }, client)).toBe(query);
});
