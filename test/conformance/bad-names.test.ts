/** Names that nobody may use, rooms that are not there, and people who may not come in. */
import { describe, test } from 'vitest';
import type { BadRequest } from './bad-request.ts';
import { expectRefused, json, post } from './bad-request.ts';
import type { SiegeOptions } from './siege.ts';
import { httpRequest, upgradeHeaders } from './stubborn-peer.ts';

const secret: SiegeOptions = { token: 'open-sesame' };
const homeOnly: SiegeOptions = { origins: ['https://home.test'] };
const fewRooms: SiegeOptions = { limits: limitsOf({ rooms: ['healthy', 'open'] }) };

function limitsOf(limits: Partial<NonNullable<SiegeOptions['limits']>>) {
  const none = Number.POSITIVE_INFINITY;
  return { maxSessions: none, maxPerAddress: none, maxRooms: none, rooms: undefined, ...limits };
}

const names: readonly BadRequest[] = [
  ...(['room', 'event', 'key'] as const).flatMap((name) =>
    ['%0D', '%0A', '%00', '%0D%0Adata:%20x'].map((bad) => ({
      what: `${bad} in the ${name} of a POST`,
      request: post(`/publish?${name}=a${bad}b`, '1'),
      status: 400,
    })),
  ),
  ...(['room', 'key', 'session'] as const).flatMap((name) =>
    ['%0D', '%0A', '%00'].map((bad) => ({
      what: `${bad} in the ${name} of a stream`,
      request: httpRequest('GET', `/events?${name}=a${bad}b`),
      status: 400,
    })),
  ),
  {
    what: 'a line break in the room of an upgrade',
    request: httpRequest('GET', '/ws?room=a%0Ab', upgradeHeaders),
    status: 400,
  },
  { what: 'a reserved name', request: post('/publish?event=welcome', '1'), status: 400 },
  {
    what: 'a room of 129 letters',
    request: post(`/publish?room=${'r'.repeat(129)}`, '1'),
    status: 400,
  },
  {
    what: 'a room that is not on the list',
    request: post('/publish?room=cellar', '1'),
    status: 404,
    options: fewRooms,
  },
  {
    what: 'a stream of a room that is not on the list',
    request: httpRequest('GET', '/events?room=cellar'),
    status: 404,
    options: fewRooms,
  },
  {
    what: 'one room too many',
    request: httpRequest('GET', '/events?room=new'),
    status: 400,
    options: { limits: limitsOf({ maxRooms: 1 }) },
  },
];

const strangers: readonly BadRequest[] = [
  {
    what: 'a stream without the token',
    request: httpRequest('GET', '/events'),
    status: 401,
    options: secret,
  },
  {
    what: 'a stream with a wrong token',
    request: httpRequest('GET', '/events?token=open'),
    status: 401,
    options: secret,
  },
  {
    what: 'an upgrade without the token',
    request: httpRequest('GET', '/ws', upgradeHeaders),
    status: 401,
    options: secret,
  },
  {
    what: 'a POST without the token',
    request: post('/publish', '1'),
    status: 401,
    options: secret,
  },
  {
    what: 'the metrics without the token',
    request: httpRequest('GET', '/metrics'),
    status: 401,
    options: secret,
  },
  {
    what: 'a stream of a foreign origin',
    request: httpRequest('GET', '/events', ['Origin: https://evil.test']),
    status: 403,
    options: homeOnly,
  },
  {
    what: 'an upgrade of a foreign origin',
    request: httpRequest('GET', '/ws', [...upgradeHeaders, 'Origin: https://evil.test']),
    status: 403,
    options: homeOnly,
  },
  {
    what: 'a POST of a foreign origin',
    request: httpRequest('POST', '/publish', [json, 'Origin: https://evil.test'], '1'),
    status: 403,
    options: homeOnly,
  },
];

describe.each(Object.entries({ names, strangers }))('among bad %s', (_group, cases) => {
  test.each(cases)('$what is answered with $status', expectRefused);
});
