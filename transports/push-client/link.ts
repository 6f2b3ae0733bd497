/**
 * What the push client needs of a connection, whatever carries it. A link is one attempt: it comes about
 * or does not, hands over what it receives, and ends once. It neither reconnects nor knows what events
 * mean.
 */

/** In which a push server can be spoken to. */
export const protocols = ['ws', 'sse'] as const;
export type Protocol = (typeof protocols)[number];

/** One event as it came, on whichever protocol. */
export interface PushedEvent {
  /** 'message' where it has no name. */
  readonly event: string;
  /** '' where nothing is kept of it, so that it cannot be asked for again. */
  readonly id: string;
  /**
   * The text of the data: the JSON as the server wrote it, or the words of data that is no JSON. Of a
   * binary event, base64.
   */
  readonly text: string;
  /** The value of the JSON, the string, or the bytes of a binary event. */
  readonly data: unknown;
}

/** Why a link is no more, or never was. */
export type LinkEnd =
  /** Nobody is there: no such host, connection refused, a certificate that is not trusted. */
  | { readonly kind: 'unreachable'; readonly says: string }
  /** Somebody may be there, and says nothing. */
  | { readonly kind: 'silent'; readonly says: string }
  /** Somebody is there, and this is not what is spoken there, or not now. */
  | {
      readonly kind: 'refused';
      /** Of the HTTP answer; undefined where there was none. */
      readonly status: number | undefined;
      readonly says: string;
      /** Whether these are words of the server, meant to be shown. */
      readonly spoken: boolean;
      readonly retryMs?: number | undefined;
    }
  /** It was there and is gone. `retryMs`: when the server wants to see us again. */
  | { readonly kind: 'cut'; readonly says: string; readonly retryMs?: number | undefined };

/** What a link reports to. Nothing is called before `OpenLink` has returned, nor after `ended`. */
export interface LinkEvents {
  /** Something came, if only a heartbeat. */
  alive(): void;
  event(event: PushedEvent): void;
  /** Called once, unless it was we who closed it. */
  ended(end: LinkEnd): void;
}

export interface Link {
  /**
   * Sends one operation (docs/push-server.md).
   * @param session which it is an operation of
   * @returns a promise of its leaving this machine, or of its having been accepted where `confirms`
   * @throws PushClientError (as a rejection)
   */
  send(operation: string, session: string): Promise<void>;
  /** Whether `send` knows what the server made of it. */
  readonly confirms: boolean;
  /** Publishes bytes to the room `main`; absent where it takes a request of its own. */
  sendBinary?(bytes: Uint8Array): Promise<void>;
  /** Ends it in good order; resolves when it is gone. */
  close(): Promise<void>;
  /** Ends it at once. */
  destroy(): void;
}

/** What is said when connecting, so that nothing is missed and nothing comes twice. */
export interface Introduction {
  readonly session: string | undefined;
  readonly lastEventId: string | undefined;
}

/** Where and how to connect. */
export interface LinkRequest {
  /** http: or https:, with the path and the query of the stream. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** PEM of the authority behind the server's certificate; undefined: the usual ones. */
  readonly ca: string | undefined;
  /** For operations beside a one-way stream. */
  readonly post: Post;
  /** Takes what comes, as it is on the wire: a frame, or a piece of the stream. */
  readonly onWire: ((text: string) => void) | undefined;
}

export type OpenLink = (request: LinkRequest, events: LinkEvents) => Link;

/** What a server said to a POST that it carried out. */
export interface PostAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** @throws PushClientError (as a rejection): `refused` with a status from 300 on, `unreachable` or `lost` */
export type Post = (
  path: string,
  contentType: string,
  body: string | Uint8Array,
) => Promise<PostAnswer>;
