/** What was between clients and server, as it is stored in the run file: enough to set it up again. */
import { z } from 'zod';

export const routeRecordSchema = z.object({
  /** What `arms[].route` says. */
  name: z.string(),
  kind: z.enum(['proxy', 'relay', 'url']),
  /** One sentence. */
  says: z.string(),
  /** Of a proxy: which one, of which version, and where its settings come from. */
  proxy: z.string().optional(),
  version: z.string().optional(),
  preset: z.string().optional(),
  /** Its configuration, with placeholders for what differs in every trial, and the hash of that. */
  config: z.string().optional(),
  hash: z.string().optional(),
});

export type RouteRecord = z.infer<typeof routeRecordSchema>;
