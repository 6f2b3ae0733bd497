/**
 * The base that is run beside head, whatever it is: another commit of this package, another commit of the
 * repository that a target file lies in, or another target file.
 */
import { existsSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { fault } from '../core/errors.ts';
import type { GateRecord } from '../core/records/gate.ts';
import { fitTarget } from '../loadgen/target-fit.ts';
import { describedBy } from './arms.ts';
import { buildBase, hashOfServer } from './base-build.ts';
import type { GatePlan } from './gate-plan.ts';
import type { Io } from './io.ts';
import type { ServerChoice } from './request.ts';
import type { FileChoice, TargetChoice } from './target-file.ts';
import { whyUnknown } from './target-metrics.ts';
import { packageFolder, toolCommit } from './tool.ts';
import { addWorktree, run } from './worktree.ts';

type Side = GateRecord['head'];

export interface LiveBase {
  readonly side: Side;
  readonly head: Side;
  /** Behind the title of each arm of it. */
  readonly title: string;
  /** What differs from head in what is run. */
  readonly server: ServerChoice;
  /** Where it is no server of ours. */
  readonly target?: TargetChoice;
  /** Whether both are known to be one and the same server. */
  readonly isSame: boolean;
  remove(): Promise<void>;
}

const WORKTREE_PREFIX = 'pushbench-base-';

/** @throws HarnessError `base-not-built`, `bad-value`, `target-cannot` */
export async function openBase(
  plan: GatePlan,
  other: FileChoice | undefined,
  io: Io,
): Promise<LiveBase | undefined> {
  if (other !== undefined) return targetBase(plan, other);
  const { baseRef } = plan.flags;
  if (baseRef === undefined) return undefined;
  const [choice] = plan.request.targets;
  return choice?.target === undefined
    ? builtBase(baseRef, io)
    : repositoryBase(baseRef, { ...choice, target: choice.target }, io);
}

/** What head is, where nothing else is said of it. */
export function headOf({ request }: GatePlan): Side {
  const [choice, ...more] = request.targets;
  if (choice === undefined || more.length > 0 || choice.target === undefined) {
    return { name: 'head', commit: toolCommit(), hash: hashOfServer(packageFolder()) };
  }
  return { name: choice.name };
}

/** Another commit of this package. */
async function builtBase(ref: string, io: Io): Promise<LiveBase> {
  const build = await buildBase({
    ref,
    root: packageFolder(),
    signal: io.signal,
    tell: (text) => io.err(`${text}\n`),
  });
  const head = { name: 'head', commit: toolCommit(), hash: hashOfServer(packageFolder()) };
  return {
    side: { name: ref, commit: build.commit.slice(0, 12), hash: build.hash },
    head,
    title: `base ${ref}`,
    server: { serverScript: build.serverScript },
    isSame: build.hash === head.hash,
    remove: build.remove,
  };
}

/** Another target file. Two files may well describe one server, so they are never taken for the same. */
function targetBase({ request, heads, rules }: GatePlan, other: FileChoice): LiveBase {
  const [choice] = request.targets;
  for (const { metric, id } of rules) {
    const why = whyUnknown(id, other.target);
    if (why === undefined) continue;
    throw fault('bad-value', {
      flag: '--base-target',
      problem: `${metric} is unknown of ${other.name}: ${why}`,
    });
  }
  for (const arm of request.arms) {
    if (!heads.includes(arm.name)) continue;
    if (!describedBy(other).includes(arm.transport)) {
      throw fault('target-cannot', {
        reasons: [`the base ${other.name} is not described for ${arm.transport}`],
        hint: `Describe it in ${other.target.file}, or choose another with --arms.`,
      });
    }
    for (const point of request.points) {
      const fit = fitTarget(request.phases(point, arm), other.target, arm.transport);
      if (typeof fit === 'string') {
        throw fault('target-cannot', { reasons: [`the base ${other.name}: ${fit}`] });
      }
    }
  }
  return {
    side: { name: other.name },
    head: { name: choice?.name ?? 'head' },
    title: `base ${other.title}`,
    server: { target: other.target },
    target: other,
    isSame: false,
    remove: async () => undefined,
  };
}

/** Another commit of the repository that the target file lies in, driven by the file as it is now. */
async function repositoryBase(ref: string, head: HeadTarget, io: Io): Promise<LiveBase> {
  const { target } = head;
  const refuse = (problem: string, hint: string): Error =>
    fault('base-not-built', { ref, problem, hint });
  const from = dirname(target.file);
  const found = await run('git', ['rev-parse', '--show-toplevel'], from, io.signal).catch(() => {
    throw refuse(
      `${from} is in no git checkout`,
      'Put the target file into the repository of the server, or compare two files: --base-target FILE.',
    );
  });
  const top = realpathSync(found.trim());
  const inside = relative(top, realpathSync(target.cwd));
  if (inside.startsWith('..') || isAbsolute(inside)) {
    throw refuse(
      `${target.cwd}, where the commands of ${target.name} run, is not in the repository ${top}`,
      'Let cwd name a folder of it, or compare two files: --base-target FILE.',
    );
  }
  if (target.start === undefined) {
    throw refuse(
      `${target.name} is not started here, so it cannot be started from another commit`,
      `Add start to ${target.file}, or compare two servers that run: --base-target FILE.`,
    );
  }
  const { commit, tree, remove } = await addWorktree({
    ref,
    top,
    home: tmpdir(),
    prefix: WORKTREE_PREFIX,
    signal: io.signal,
    tell: (text) => io.err(`${text}\n`),
  });
  try {
    const base = { ...target, cwd: join(tree, inside), title: `${head.title} at ${ref}` };
    if (!existsSync(base.cwd)) {
      throw refuse(
        `there is no folder '${inside}' in it, where the commands of ${target.name} run`,
        'Choose a newer base, or compare two files: --base-target FILE.',
      );
    }
    const state = await stateOf(top, io.signal);
    const hash = (await git(top, io.signal, 'rev-parse', `${commit}^{tree}`)).slice(0, 16);
    return {
      side: { name: ref, commit: commit.slice(0, 12), hash },
      head: { name: 'head', commit: state.commit, ...(state.hash && { hash: state.hash }) },
      title: `base ${ref}`,
      server: { target: base },
      // Under the name of head's: it is the same server, and has to be built as well.
      target: { ...head, target: base },
      isSame: hash === state.hash,
      remove,
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

type HeadTarget = TargetChoice & Pick<FileChoice, 'target'>;

/** The commit that is checked out, with a plus and no hash where files differ from it. */
async function stateOf(
  top: string,
  signal: AbortSignal,
): Promise<{ readonly commit: string; readonly hash?: string }> {
  const commit = (await git(top, signal, 'rev-parse', 'HEAD')).slice(0, 12);
  const changed = await git(top, signal, 'status', '--porcelain');
  if (changed !== '') return { commit: `${commit}+` };
  return { commit, hash: (await git(top, signal, 'rev-parse', 'HEAD^{tree}')).slice(0, 16) };
}

async function git(top: string, signal: AbortSignal, ...args: string[]): Promise<string> {
  return (await run('git', args, top, signal)).trim();
}
