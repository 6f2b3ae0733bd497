/** `view`: all runs on a local page, to open, compare or delete; or the same as files, with --export. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { exitCodes, fault, reasonOf } from '../core/errors.ts';
import type { Params, ParamValues } from '../core/params.ts';
import { fillParams } from '../core/params.ts';
import { exportViewer } from '../reports/viewer/export.ts';
import type { PageScripts } from '../reports/viewer/list-page.ts';
import { readPageScripts } from '../reports/viewer/list-page.ts';
import type { ViewServer } from '../reports/viewer/view-server.ts';
import { createViewServer } from '../reports/viewer/view-server.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { openInBrowser } from './open-in-browser.ts';
import { addParams, givenValues } from './options.ts';
import { defaultRuns } from './runs-folder.ts';
import { packageFolder } from './tool.ts';

const viewParams = {
  port: {
    type: 'count',
    default: 0,
    min: 0,
    max: 65_535,
    help: 'port of the page on 127.0.0.1; 0 takes a free one',
  },
  last: {
    type: 'count',
    default: 100,
    min: 1,
    max: 1_000_000,
    help: 'with --export: so many of the latest runs, about 2 MB each',
  },
} as const satisfies Params;

interface Flags {
  readonly runs: string;
  readonly export?: string;
  readonly open?: true;
}

export const view: CommandFactory = (command, io, finish) => {
  command
    .option('--runs <dir>', 'folder with the runs', defaultRuns())
    .option('--export <dir>', 'write the same as files, for a web server or a CI artifact')
    .option('--open', 'open the page in the browser');
  addParams(command, viewParams, {});
  command.action(async (flags: Flags) => {
    const given = givenValues(command, Object.keys(viewParams));
    const params = fillParams(viewParams, given) as ParamValues<typeof viewParams>;
    if (given['last'] !== undefined && flags.export === undefined) {
      throw fault('bad-usage', {
        problem: '--last is of --export DIR; the page has all runs.',
        command: 'view',
      });
    }
    if (flags.export === undefined) await serve(flags, params.port, io);
    else await exportTo(flags, flags.export, params.last, io);
    finish(exitCodes.passed);
  });
};

async function serve(flags: Flags, port: number, io: Io): Promise<void> {
  const server = await listening(resolve(flags.runs), port);
  io.out(`${server.address}\n`);
  if (!existsSync(flags.runs)) {
    io.err(`There is no folder ${resolve(flags.runs)}; runs are listed once there is one.\n`);
  }
  io.err('Open it in a browser; Ctrl-C ends it.\n');
  if (flags.open === true) openInBrowser(server.address);
  await aborted(io.signal);
  await server.close();
}

async function exportTo(flags: Flags, to: string, last: number, io: Io): Promise<void> {
  const {
    index,
    runs,
    all: found,
    unreadable,
  } = await exportViewer({
    folder: resolve(flags.runs),
    to: resolve(to),
    scripts: pageScripts(),
    last,
    now: Date.now(),
    onRun: (done, all) => {
      if (done % 10 === 0 || done === all) io.err(`${done} of ${all} runs\n`);
    },
  });
  if (runs < found) io.err(`They are the latest of ${found}; --last takes more.\n`);
  if (unreadable > 0) io.err(`${unreadable} of them cannot be read; the list says why.\n`);
  io.out(`${index}\n`);
  if (runs === 0) io.err(`There are no runs in ${resolve(flags.runs)}.\n`);
  if (flags.open === true) openInBrowser(index);
}

function pageScripts(): PageScripts {
  try {
    return readPageScripts(packageFolder());
  } catch (error) {
    throw fault('page-not-built', { why: reasonOf(error) });
  }
}

async function listening(folder: string, port: number): Promise<ViewServer> {
  const scripts = pageScripts();
  try {
    return await createViewServer({ folder, port, scripts });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    throw fault('port-in-use', { host: '127.0.0.1', port, code });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolved) => {
    if (signal.aborted) resolved();
    else signal.addEventListener('abort', () => resolved(), { once: true });
  });
}
