/**
 * A target file: somebody's own server, described so that every scenario that makes sense can run against
 * it. The schema is the definition; docs/targets.md explains it by example.
 *
 * Texts may hold placeholders: `{port}` (a free port, also in the environment as PORT), `{folder}` (a
 * temporary folder of its own), and where a client speaks `{client}` (its number), `{id}` (what `opening`
 * found) and `{message}` (what is published).
 */
import { z } from 'zod';

const text = z.string().min(1);
/** A line for the shell, or a program and its arguments. */
const command = z.union([text, z.array(z.string()).min(1)]);
const headers = z.record(z.string(), z.string());
/** A regular expression, as text. */
const pattern = z.string().refine(isPattern, 'is no regular expression');

const post = z.strictObject({
  url: text,
  /** Left out: POST. */
  method: text.optional(),
  headers: headers.optional(),
  body: z.string().optional(),
});

/** What is said and heard between the handshake and being ready, one after the other. */
const step = z.union([
  /** Waits for what matches; a group named `id` is kept for `{id}`. */
  z.strictObject({ await: pattern }),
  /** Over WebSocket only. */
  z.strictObject({ send: text }),
  z.strictObject({ post }),
]);

const side = z.strictObject({
  url: text,
  headers: headers.optional(),
  /** Left out: a client is ready as soon as the handshake is over. */
  opening: z.array(step).optional(),
  /** What arrives and means nothing, such as heartbeats of the application. */
  ignore: z.array(pattern).optional(),
});

const sse = side.extend({
  /** Names of events that carry messages; left out: all. */
  events: z.array(text).optional(),
  /** Whether who comes back with Last-Event-ID is given what it missed. */
  resume: z.boolean().optional(),
});

const ws = side.extend({
  subprotocol: text.optional(),
  /** Heartbeats that want an answer: a whole message, and what is sent back. */
  replies: z.array(z.strictObject({ when: text, send: text })).optional(),
});

const publish = z.union([
  /** `{message}` in url or body; it has no character that JSON or a URL would change. */
  z.strictObject({ post }),
  /** A message on a connection of its own, opened like those of the clients. */
  z.strictObject({ frame: z.strictObject({ text, url: text.optional() }) }),
  /** With `{message}` among its arguments it is run once per message; without, it gets a line of input each. */
  z.strictObject({ command, line: text.optional() }),
]);

export const targetSchema = z.strictObject({
  /** Letters, digits and dashes. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,40}$/, 'has letters, digits and dashes only'),
  title: text.optional(),
  /** Where commands run, from the target file; left out: its folder. */
  cwd: text.optional(),
  env: z.record(z.string(), z.string()).optional(),
  /** Run once, before the first trial. */
  build: command.optional(),
  /** Written into `{folder}` before each start. */
  files: z.record(z.string(), z.string()).optional(),
  /** Left out: it runs already, and goes on running. */
  start: z
    .strictObject({
      command,
      /** A URL that answers 2xx, or what it prints; left out: `{port}` accepts connections. */
      ready: z
        .union([z.strictObject({ url: text }), z.strictObject({ output: pattern })])
        .optional(),
      timeoutMs: z.number().int().positive().optional(),
    })
    .optional(),
  sse: sse.optional(),
  ws: ws.optional(),
  publish,
  /** Where CPU and memory are read from of a server that was not started here. */
  cost: z
    .union([
      z.strictObject({ pid: z.union([z.number().int().positive(), text]) }),
      /** Prometheus text with process_cpu_seconds_total and process_resident_memory_bytes. */
      z.strictObject({ metrics: text }),
    ])
    .optional(),
});

export type Target = z.infer<typeof targetSchema>;
export type TargetPost = z.infer<typeof post>;
export type TargetCommand = z.infer<typeof command>;
export type OpeningStep = z.infer<typeof step>;

/** A target whose file has been read. */
export interface LoadedTarget extends Target {
  /** Absolute path that commands run in. */
  readonly cwd: string;
  /** Absolute path of the file. */
  readonly file: string;
}

/** Types a target file; it is checked when it is loaded. */
export function defineTarget(target: Target): Target {
  return target;
}

function isPattern(source: string): boolean {
  try {
    new RegExp(source);
    return true;
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
