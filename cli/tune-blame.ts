/** Looks for the directive that is in the way of streams in a configuration, and writes a mended one. */
import { join } from 'node:path';
import { fault, HarnessError } from '../core/errors.ts';
import type { Supervisor } from '../loadgen/child-process.ts';
import { runStudy } from '../loadgen/study/run-study.ts';
import type { Blamed } from '../loadgen/tune/blame.ts';
import { apply, findBlame } from '../loadgen/tune/blame.ts';
import type { Harm } from '../loadgen/tune/harms.ts';
import { commonHarms, harmsIn, shownBy } from '../loadgen/tune/harms.ts';
import { knobsOf } from '../loadgen/tune/knobs/registry.ts';
import { routeOf } from '../loadgen/tune/run-tune.ts';
import { createRunFolder, writeWhole } from '../reports/run-file.ts';
import type { Io } from './io.ts';
import { clearRoutes } from './leftovers.ts';
import { readyRoutes } from './route-ready.ts';
import { idOf, runsFolder } from './runs-folder.ts';
import { withSupervisor } from './supervised.ts';
import type { TuneAsked } from './tune.ts';
import { blameText } from './tune-blame-text.ts';

/** What is wrong is no matter of a few per cent. */
const MOST_REPEATS = 3;

export interface Blame {
  readonly file: string;
  readonly proxy: string;
  readonly version: string;
  readonly maxMs: number;
  readonly harms: readonly Harm[];
  readonly blamed: readonly Blamed[];
  /** Where the mended configuration is; undefined where there was nothing to mend. */
  readonly mended: string | undefined;
}

/** @throws HarnessError `proxy-config-rejected` where the proxy does not take the file as it is */
export async function blameConfig(
  asked: TuneAsked,
  file: string,
  text: string,
  io: Io,
): Promise<Blame> {
  const { name, proxy, version, maxMs } = asked;
  for (const says of await clearRoutes()) io.err(`${says}\n`);
  await checkText(asked, text);
  let harms: readonly Harm[] = [];
  let blamed: readonly Blamed[] = [];
  await withSupervisor(io, async (supervisor) => {
    io.err('the configuration as it is\n');
    harms = await look(asked, text, undefined, supervisor, io);
    blamed = await findBlame(
      proxy,
      text,
      knobsOf[name].harmless,
      harms,
      async (changed, of) => {
        if (io.signal.aborted) return of;
        try {
          await checkText(asked, changed);
        } catch (error) {
          // A change that this version, or the rest of the file, does not take mends nothing.
          if (error instanceof HarnessError) return of;
          throw error;
        }
        return look(asked, changed, of, supervisor, io);
      },
      (what) => io.err(`with ${what}\n`),
    );
  });
  if (io.signal.aborted) throw fault('interrupted', { kept: undefined });
  const changes = [
    ...new Set(blamed.flatMap(({ by, how }) => (how === 'each' ? by.slice(0, 1) : by))),
  ];
  const mended = changes.length === 0 ? undefined : writeMended(asked, apply(proxy, text, changes));
  const blame = { file, proxy: proxy.title, version, maxMs, harms, blamed, mended };
  io.out(asked.json ? `${JSON.stringify(blame, undefined, 2)}\n` : blameText(blame));
  return blame;
}

/** @param of what is looked for; left out: everything */
async function look(
  asked: TuneAsked,
  text: string,
  of: readonly Harm[] | undefined,
  supervisor: Supervisor,
  io: Io,
): Promise<readonly Harm[]> {
  const { proxy, binary, maxMs } = asked;
  const repeats = Math.min(asked.repeats, MOST_REPEATS);
  const wanted = new Set<string>(of?.map(({ kind }) => shownBy[kind]));
  // Without a head there is nothing else to be seen.
  wanted.add('head');
  const found: Harm[][] = Array.from({ length: repeats }, () => []);
  await runStudy({
    supervisor,
    routes: [{ name: proxy.name, plan: routeOf(proxy, binary, 'a file', text) }],
    transports: asked.transports.filter(
      (one) => of === undefined || of.some(({ transport }) => transport === one),
    ),
    measures: asked.measures.filter((one) => of === undefined || wanted.has(one.name)),
    repeats,
    maxMs,
    signal: io.signal,
    isDone: () => false,
    took: ({ measure, transport, repeat }, sample) =>
      found[repeat]?.push(...harmsIn(measure.name, transport, sample)),
    progress: () => undefined,
  });
  const harms = commonHarms(found);
  // What has no stream has mended nothing else.
  const dead = new Set(
    harms.filter(({ kind }) => kind === 'no-stream').map((one) => one.transport),
  );
  return [...harms, ...(of ?? []).filter(({ transport }) => dead.has(transport))];
}

async function checkText({ proxy, binary }: TuneAsked, text: string): Promise<void> {
  const plan = routeOf(proxy, binary, 'a file', text);
  await readyRoutes([{ name: proxy.name, plan, title: '', says: '' }], false);
}

function writeMended({ out, proxy }: TuneAsked, text: string): string {
  const folder = createRunFolder(runsFolder(out), idOf(new Date(), `blame-${proxy.name}`));
  const path = join(folder, proxy.configName);
  writeWhole(path, text);
  return path;
}
