/** Who is let in, and what a browser is told about it. */
import { describe, expect, test } from 'vitest';
import type { AccessOptions } from '../../servers/access.ts';
import { createAccess } from '../../servers/access.ts';

const HOME = 'https://example.com';
const TOKEN = 'c2VjcmV0.-_~+/=';

const statusOf = (
  options: Partial<AccessOptions>,
  headers: Record<string, string>,
  query: string | Record<string, string> = '',
): number =>
  createAccess({ token: undefined, origins: 'any', ...options }).check({
    headers,
    query: new URLSearchParams(query),
  })?.status ?? 200;

describe('a token', () => {
  test.each<[string, Record<string, string>, Record<string, string>, number]>([
    ['none', {}, {}, 401],
    ['in the header', { authorization: `Bearer ${TOKEN}` }, {}, 200],
    ['in the header, scheme in other letters', { authorization: `bEARER  ${TOKEN} ` }, {}, 200],
    ['in the query', {}, { token: TOKEN }, 200],
    ['in both', { authorization: `Bearer ${TOKEN}` }, { token: TOKEN }, 200],
    ['another', { authorization: 'Bearer other' }, {}, 401],
    ['another in the query', {}, { token: 'other' }, 401],
    ['an empty one in the query', {}, { token: '' }, 401],
    ['a beginning of it', {}, { token: TOKEN.slice(0, -1) }, 401],
    ['more than it', {}, { token: `${TOKEN}=` }, 401],
    ['in other letters', {}, { token: TOKEN.toUpperCase() }, 401],
    ['the scheme alone', { authorization: 'Bearer' }, {}, 401],
    ['without the scheme', { authorization: TOKEN }, {}, 401],
    ['with something behind it', { authorization: `Bearer ${TOKEN} x` }, {}, 401],
    ['under another scheme', { authorization: `Basic ${TOKEN}` }, {}, 401],
    ['of a proxy, and ours', { authorization: 'Basic cHJveHk=' }, { token: TOKEN }, 200],
    [
      'a wrong one in the header is not mended by the query',
      { authorization: 'Bearer x' },
      { token: TOKEN },
      401,
    ],
    ['a very long one', {}, { token: 'x'.repeat(100_000) }, 401],
    ['no text at all', {}, { token: '\0\ud800ÿ' }, 401],
  ])('%s', (_, headers, query, status) => {
    expect(statusOf({ token: TOKEN }, headers, query)).toBe(status);
  });

  test('the first of several in the query counts', () => {
    expect(statusOf({ token: 'a' }, {}, 'token=a&token=b')).toBe(200);
    expect(statusOf({ token: 'a' }, {}, 'token=b&token=a')).toBe(401);
  });

  test('a refusal says which kind is wanted, and whether one came', () => {
    const access = createAccess({ token: TOKEN, origins: 'any' });
    expect(access.check({ headers: {}, query: new URLSearchParams() })).toEqual({
      status: 401,
      says: 'a token is needed',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
    expect(access.check({ headers: {}, query: new URLSearchParams('token=x') })).toEqual({
      status: 401,
      says: 'the token is wrong',
      headers: { 'WWW-Authenticate': 'Bearer' },
    });
  });

  test('is not asked for where none is set', () => {
    expect(statusOf({}, {}, 'token=whatever')).toBe(200);
    expect(statusOf({}, { authorization: 'Bearer whatever' })).toBe(200);
  });

  test.each(['', ' ', 'a b', 'a\n', 'tökén'])('%j is refused as one', (token) => {
    expect(() => createAccess({ token, origins: 'any' })).toThrow(
      new RangeError('the token must be visible ASCII characters, one at least'),
    );
  });
});

describe('an origin', () => {
  test.each<[string | undefined, AccessOptions['origins'], number]>([
    [undefined, 'any', 200],
    [undefined, [HOME], 200],
    [undefined, [], 200],
    [HOME, 'any', 200],
    ['null', 'any', 200],
    [HOME, [HOME], 200],
    [HOME, ['http://localhost:8080', HOME], 200],
    [HOME, [], 403],
    ['http://example.com', [HOME], 403],
    ['https://example.com:8443', [HOME], 403],
    ['https://example.com.evil.test', [HOME], 403],
    ['https://evil.test/https://example.com', [HOME], 403],
    ['https://sub.example.com', [HOME], 403],
    ['', [HOME], 403],
    ['null', [HOME], 403],
    ['null', ['null'], 200],
    [HOME, ['null'], 403],
    ['chrome-extension://abcdef', ['chrome-extension://abcdef'], 200],
  ])('%s, where %j may connect: %d', (origin, origins, status) => {
    expect(statusOf({ origins }, origin === undefined ? {} : { origin })).toBe(status);
  });

  test('is looked at even where the token is right', () => {
    const headers = { origin: 'https://evil.test', authorization: `Bearer ${TOKEN}` };
    expect(statusOf({ token: TOKEN, origins: [HOME] }, headers)).toBe(403);
    expect(statusOf({ token: TOKEN, origins: [HOME] }, { ...headers, origin: HOME })).toBe(200);
  });

  test.each(['*', '', 'example.com', 'https://example.com/', 'https://Example.com', 'https://a b'])(
    '%j is refused as one',
    (origin) => {
      expect(() => createAccess({ token: undefined, origins: [HOME, origin] })).toThrow(
        new RangeError(`'${origin}' is no origin: it is like 'https://example.com:8443'`),
      );
    },
  );
});

describe('the headers for a page', () => {
  const readable = {
    'Access-Control-Allow-Origin': HOME,
    'Access-Control-Expose-Headers': 'Retry-After',
    Vary: 'Origin',
  };

  test.each<[string, AccessOptions, string | undefined, Record<string, string>]>([
    ['no page', { token: undefined, origins: 'any' }, undefined, {}],
    ['any page', { token: undefined, origins: 'any' }, HOME, readable],
    ['any page, with a token', { token: TOKEN, origins: 'any' }, HOME, readable],
    ['a listed page', { token: TOKEN, origins: [HOME] }, HOME, readable],
    ['a foreign page', { token: undefined, origins: [HOME] }, 'https://evil.test', {}],
    ['a page without an origin', { token: undefined, origins: [HOME] }, 'null', {}],
  ])('%s', (_, options, origin, headers) => {
    expect(createAccess(options).corsHeaders(origin)).toEqual(headers);
  });
});

describe('a preflight', () => {
  const allowed = {
    'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
    'Access-Control-Allow-Headers': 'Authorization, Content-Type, Last-Event-ID, Cache-Control',
    'Access-Control-Max-Age': '7200',
  };
  const { preflight } = createAccess({ token: TOKEN, origins: [HOME] });

  test('of a listed page is answered without a token', () => {
    expect(preflight({ origin: HOME })).toEqual({
      status: 204,
      headers: {
        'Access-Control-Allow-Origin': HOME,
        'Access-Control-Expose-Headers': 'Retry-After',
        Vary: 'Origin',
        ...allowed,
      },
    });
  });

  test('of a foreign page is refused and tells nothing', () => {
    expect(preflight({ origin: 'https://evil.test' })).toEqual({ status: 403, headers: {} });
  });

  test('of no page at all says what there is', () => {
    expect(preflight({})).toEqual({ status: 204, headers: allowed });
  });
});
