/** Puts what is different in every trial into the template of a configuration, and names the template. */
import { createHash } from 'node:crypto';

/** What stands for a placeholder, by its name. */
export type Filling = Readonly<Record<string, string>>;

/** Threads of a process of Apache httpd, unless it is told otherwise. */
const THREADS = 25;
/** For POSTs beside the streams, and for whoever looks whether the proxy is there. */
const SPARE_CONNECTIONS = 100;

/** Only what is in the filling: braces are part of most notations. */
export function fill(template: string, filling: Filling): string {
  return template.replace(/\{([a-z]+)\}/g, (whole, name: string) =>
    Object.hasOwn(filling, name) ? (filling[name] ?? whole) : whole,
  );
}

/** Room for so many clients, in whole hundreds: limits that are reached would be all that is measured. */
export function roomFor(clients: number): Filling {
  const connections = Math.ceil((clients + SPARE_CONNECTIONS) / 100) * 100;
  return {
    connections: String(connections),
    sockets: String(2 * connections + SPARE_CONNECTIONS),
    processes: String(Math.ceil(connections / THREADS)),
  };
}

/** The same for the same template, whatever the ports and folders of a trial. */
export function hashOf(template: string): string {
  return createHash('sha256').update(template).digest('hex').slice(0, 12);
}
