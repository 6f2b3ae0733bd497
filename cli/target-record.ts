/** What the run file says of servers that are not ours. Values of headers, bodies and environment stay out: they may be secrets. */
import { basename } from 'node:path';
import type { RunResult, TargetRecord } from '../core/result.ts';
import type { LoadedTarget } from '../core/target.ts';
import { describedBy } from './arms.ts';
import type { TargetChoice } from './target-file.ts';

export function recordOfTargets(choices: readonly TargetChoice[]): Pick<RunResult, 'targets'> {
  // Another commit of a server has its name.
  const distinct = choices.filter(
    ({ name }, index) => choices.findIndex((other) => other.name === name) === index,
  );
  const targets = distinct.flatMap((choice): TargetRecord[] => {
    const { target, name, title, hash = '' } = choice;
    if (target === undefined) return [];
    return [
      {
        name,
        title,
        file: basename(target.file),
        hash,
        transports: describedBy(choice),
        publish: publishWay(target),
        started: target.start !== undefined,
      },
    ];
  });
  return targets.length === 0 ? {} : { targets };
}

/** How messages get in, in a few words. */
export function publishWay({ publish }: Pick<LoadedTarget, 'publish'>): string {
  if ('post' in publish) return `${publish.post.method ?? 'POST'} ${bareUrl(publish.post.url)}`;
  if ('frame' in publish) return 'a frame over WebSocket';
  const isPerMessage = [publish.command].flat().some((text) => text.includes('{message}'));
  return isPerMessage ? 'a command for each message' : 'a line of input to a command';
}

/** Queries and passwords may be secrets, too. */
function bareUrl(url: string): string {
  return url.replace(/\?.*$/s, '').replace(/\/\/[^/@]*@/, '//');
}
