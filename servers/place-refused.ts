/** Where a server was to listen and could not, from the error that says so. */

export interface RefusedPlace {
  /** EADDRINUSE, EACCES, … */
  readonly code: string;
  readonly host: string;
  readonly port: number;
}

/** Undefined for any other error, and for a socket that has no port: only a port can be chosen otherwise. */
export function placeRefused(error: unknown): RefusedPlace | undefined {
  const {
    code,
    syscall = '',
    address,
    port,
  } = error as NodeJS.ErrnoException & { readonly address?: string; readonly port?: number };
  // One of several processes is told by the primary that it could not bind.
  const isOfListening = syscall === 'listen' || syscall === 'bind';
  return code === undefined || !isOfListening || address === undefined || port === undefined
    ? undefined
    : { code, host: address, port };
}
