/** `demo`: a push server, and a page that shows what it does on SSE and on WebSocket, side by side. */
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { createCertificate } from '../core/certificate.ts';
import { exitCodes, fault, reasonOf } from '../core/errors.ts';
import type { Params, ParamValues } from '../core/params.ts';
import { fillParams } from '../core/params.ts';
import { createAccess } from '../servers/access.ts';
import { ownOrigins, pageAddress } from '../servers/demo/own-origins.ts';
import type { PageFile } from '../servers/demo/page-routes.ts';
import { readPage, servePage } from '../servers/demo/page-routes.ts';
import { createLog } from '../servers/log.ts';
import type { PushServer, PushServerOptions } from '../servers/push-server.ts';
import { createPushServer, defaults } from '../servers/push-server.ts';
import { transports } from '../transports/registry.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { addParams, givenValues, runParams } from './options.ts';
import { choiceOf, collect } from './push-address.ts';
import { packageFolder } from './tool.ts';

const demoParams = {
  port: {
    type: 'count',
    default: 8_080,
    min: 0,
    max: 65_535,
    help: 'port of the page and of the server; 0 takes a free one',
  },
  policy: runParams.policy,
  'buffer-limit': runParams['buffer-limit'],
  replay: { ...runParams.replay, default: 1_000 },
  linger: {
    type: 'durationMs',
    default: 30_000,
    min: 0,
    max: 3_600_000,
    help: 'how long a session may be away and come back as the same',
  },
  lifetime: {
    type: 'durationMs',
    default: 0,
    min: 0,
    max: 24 * 3_600_000,
    help: 'how long a connection lasts, give or take a fifth; 0ms: as long as it likes',
  },
  rate: {
    type: 'ratePerS',
    default: 0,
    min: 0,
    max: 1_000_000,
    help: 'messages that one session may send; 0/s: as many as it likes',
  },
  'drain-timeout': {
    type: 'durationMs',
    // Long enough for browsers to be told to come back, short enough for somebody who waits for the prompt.
    default: 1_500,
    min: 0,
    max: 600_000,
    help: 'how long sessions are sent away one after the other at the end, before the rest is cut',
  },
} as const satisfies Params;

interface Flags {
  readonly host: string;
  readonly token?: string;
  readonly origin?: readonly string[];
  readonly tls?: true;
  readonly cert?: string;
  readonly key?: string;
  readonly log?: string;
  readonly trace?: string;
}

export const demo: CommandFactory = (command, io, finish) => {
  command
    .option('--host <address>', 'address to listen on', defaults.host)
    .option('--token <token>', 'what whoever connects or posts has to show')
    .option('--origin <origin>', 'other pages that may connect; may be repeated (or: any)', collect)
    .option('--tls', 'HTTPS and WSS, with a certificate made for the run')
    .option('--cert <file>', 'HTTPS and WSS with this certificate, PEM')
    .option('--key <file>', 'its key, PEM')
    .option('--log <format>', 'json: what happens to sessions, as JSON lines on stdout')
    .option('--trace <number>', 'with --log: the messages of this session, numbered as in the log');
  addParams(command, demoParams, {});
  command.action(async (flags: Flags) => {
    const given = givenValues(command, Object.keys(demoParams));
    const params = fillParams(demoParams, given) as ParamValues<typeof demoParams>;
    await serve(flags, params, io);
    // Ctrl-C is how it is meant to end.
    finish(exitCodes.passed);
  });
};

async function serve(flags: Flags, params: ParamValues<typeof demoParams>, io: Io): Promise<void> {
  const { host, token } = flags;
  const origins = originsOf(flags);
  const page = pageOf(packageFolder());
  const logs = flags.log !== undefined && choiceOf('--log', flags.log, ['json']) === 'json';
  if (flags.trace !== undefined && !logs) {
    throw fault('bad-usage', { problem: '--trace needs --log json.', command: 'demo' });
  }
  const log = logs ? await createLog(io.out) : undefined;
  const server = await listening(flags, {
    transports: { sse: transports.sse, ws: transports.ws },
    host,
    port: params.port,
    token,
    origins,
    policy: params.policy,
    bufferLimitBytes: params['buffer-limit'],
    replay: { ...defaults.replay, count: params.replay },
    lingerMs: params.linger,
    lifetimeMs: params.lifetime,
    rates: { ...defaults.rates, perSession: params.rate },
    feeds: true,
    log,
    trace: flags.trace,
  });
  const secure = server.listener.secure;
  if (origins !== 'any') origins.push(...ownOrigins(host, server.httpPort, secure));
  servePage(server.listener, page);
  const fragment = token === undefined ? '' : `#token=${encodeURIComponent(token)}`;
  const address = `${pageAddress(host, server.httpPort, secure)}${fragment}`;
  if (log === undefined) io.out(`${address}\n`);
  else log.info({ address }, 'listening');
  io.err('Open it in a browser; Ctrl-C ends it.\n');
  if (flags.tls === true) {
    io.err('The certificate is its own authority, so the browser will warn of it.\n');
  }
  await aborted(io.signal);
  await server.drain(params['drain-timeout']);
}

/**
 * Origins that are let in, by reference: that of the page itself is added when its port is known.
 * @throws HarnessError for a token or an origin that nothing could match
 */
function originsOf({ token, origin = [] }: Flags): 'any' | string[] {
  const origins = origin.includes('any') ? 'any' : [...origin];
  try {
    createAccess({ token, origins });
  } catch (error) {
    throw fault('bad-usage', { problem: `${sentence(reasonOf(error))}.`, command: 'demo' });
  }
  return origins;
}

function pageOf(folder: string): PageFile[] {
  try {
    return readPage(folder);
  } catch (error) {
    throw fault('page-not-built', { why: reasonOf(error) });
  }
}

async function listening(
  { tls, cert, key }: Flags,
  options: Partial<PushServerOptions>,
): Promise<PushServer> {
  if ((cert === undefined) !== (key === undefined)) {
    throw fault('bad-usage', { problem: '--cert and --key need each other.', command: 'demo' });
  }
  if (cert !== undefined && key !== undefined) checkCertificate(cert, key);
  const made = tls === true && cert === undefined ? await createCertificate() : undefined;
  const files = made === undefined ? { cert, key } : { cert: made.certPath, key: made.keyPath };
  try {
    return await createPushServer({
      ...options,
      tls:
        files.cert === undefined || files.key === undefined
          ? undefined
          : { cert: files.cert, key: files.key },
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    const { host = defaults.host, port = defaults.port } = options;
    throw fault('port-in-use', { host, port, code, free: 'take any free port with --port 0' });
  } finally {
    // It has been read; nothing is left behind, however the program ends.
    made?.remove();
  }
}

function checkCertificate(cert: string, key: string): void {
  try {
    createSecureContext({ cert: readFileSync(cert), key: readFileSync(key) });
  } catch (error) {
    throw fault('certificate-unusable', { cert, key, why: reasonOf(error) });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
