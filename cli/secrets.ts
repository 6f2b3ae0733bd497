/** Keeps what somebody gave as a secret out of everything that is printed, and control characters with it. */

const HIDDEN = '…';
/** Shorter ones would take letters out of ordinary words. */
const SHORTEST = 4;

/** An address without its password and the values of its query, which often are tokens. */
export function shownUrl(text: string): string {
  const parts = /^([a-z][a-z0-9+.-]*:\/\/)?(?:[^/?#@]*@)?([^?#]*)(\?[^#]*)?/i.exec(text);
  const [, scheme = '', rest = '', query = ''] = parts ?? [];
  return `${scheme}${rest}${query.replace(/=[^&]*/g, `=${HIDDEN}`)}`;
}

/** Every text that must not be printed: header values, also without 'Bearer', cookies, password and query. */
export function secretsOf(headers: Readonly<Record<string, string>>, url: URL): string[] {
  const ofHeaders = Object.values(headers).flatMap((value) => [
    value,
    ...value.split(/[\s;,]+/),
    ...value.split(/;\s*/).map((pair) => pair.slice(pair.indexOf('=') + 1)),
  ]);
  const ofUrl = [
    url.username,
    url.password,
    decodeURIComponent(url.password),
    ...url.searchParams.values(),
  ];
  return [...new Set([...ofHeaders, ...ofUrl])]
    .filter((one) => one.length >= SHORTEST && !/^(basic|bearer|digest|token)$/i.test(one))
    .sort((a, b) => b.length - a.length);
}

/** What a server sends must neither repeat a secret nor steer the terminal. */
export function harmless(text: string, secrets: readonly string[]): string {
  const without = secrets.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), text);
  return without.replace(/\p{Cc}/gu, (character) =>
    character === '\n' ? character : `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
