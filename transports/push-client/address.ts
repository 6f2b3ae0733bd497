/** Where a push server is, from what a person or a configuration calls it. */

export interface Address {
  /** http: or https:, without a slash at the end; it may have a path, behind a proxy that adds one. */
  readonly base: string;
  /** The URL of a stream, with its query. */
  stream(path: string, query: URLSearchParams): URL;
}

/** @throws RangeError for what is no URL, or one of another kind */
export function parseAddress(text: string): Address {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const protocol = { 'http:': 'http:', 'ws:': 'http:', 'https:': 'https:', 'wss:': 'https:' }[
    url?.protocol ?? ''
  ];
  if (url === undefined || protocol === undefined || url.hostname === '') {
    throw new RangeError('it does not begin with http://, https://, ws:// or wss://');
  }
  if (url.search !== '' || url.hash !== '') throw new RangeError('it has a query or a fragment');
  const base = `${protocol}//${url.host}${url.pathname.replace(/\/+$/, '')}`;
  return {
    base,
    stream: (path, query) => new URL(`${base}${path}?${query}`),
  };
}
