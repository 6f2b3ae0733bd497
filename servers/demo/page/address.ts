/** Where things are on the server this page came from, and the token that has to be shown there. */

/** It stands in the fragment, which no browser sends anywhere: `http://127.0.0.1:8080/#token=…`. */
const token = new URLSearchParams(location.hash.slice(1)).get('token');

/** @param query pairs, since `room` may be there several times */
export function addressOf(path: string, query: readonly (readonly [string, string])[]): URL {
  const url = new URL(path, location.origin);
  for (const [name, value] of query) url.searchParams.append(name, value);
  // EventSource and WebSocket send no headers of the page's: theirs goes into the query.
  if (token !== null) url.searchParams.append('token', token);
  return url;
}

export interface Reply {
  /** 0 when there was none. */
  readonly status: number;
  readonly text: string;
}

/** Never rejected: a server that is gone is one of the things this page is there to show. */
export async function post(path: string, body?: unknown): Promise<Reply> {
  try {
    const response = await fetch(path, {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
      },
      body: JSON.stringify(body ?? null),
    });
    return { status: response.status, text: (await response.text()).trim() };
  } catch (error) {
    return { status: 0, text: error instanceof Error ? error.message : String(error) };
  }
}
