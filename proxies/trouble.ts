/** Why a proxy does not run, in its own words as far as it had any. */
import type { ProxyProgram } from './proxy.ts';

export type TroubleKind = 'config' | 'port' | 'start';

export class ProxyTrouble extends Error {
  override readonly name = 'ProxyTrouble';
  readonly kind: TroubleKind;

  constructor(kind: TroubleKind, says: string) {
    super(says);
    this.kind = kind;
  }
}

/** Lines with which the four of them say what is wrong; of others the last one counts. */
const COMPLAINT =
  /\[(emerg|crit|alert)\]|\[ALERT\]|^Error:|AH\d+:|Syntax error|"level":"(error|fatal)"/;
/** What Apache numbers and is no complaint. */
const REMARK = /:(notice|info)\]/;
/** In front of the complaint itself: time, level, number of the process. */
const PREAMBLE =
  /^(?:Error: |AH\d+: )|^(\d{4}\/\d\d\/\d\d [\d:]+ )?(nginx: )?(\[\w+\]\s*)+(\d+#\d+: |\(\d+\)\s*:\s*)?|^\[[^\]]*\](\s*\[[^\]]*\])*\s*/;

/**
 * What the output of a proxy complains about, with the line of the configuration that it names.
 * @param config the text that it was given
 */
export function complaintOf(output: string, { configName }: ProxyProgram, config = ''): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const at = lines.findIndex((line) => COMPLAINT.test(line) && !REMARK.test(line));
  // Apache names the line first and what is wrong with it in the next.
  const chosen =
    at < 0 ? lines.slice(-1) : lines.slice(at, at + (/:$/.test(lines[at] ?? '') ? 2 : 1));
  const says = chosen
    .map((line) => messageIn(line).replace(PREAMBLE, '').trim())
    .join(' ')
    // Of a temporary folder, which tells nobody anything.
    .replaceAll(/[^\s'"[]*\/pushbench-[^/\s'"]+\//g, '');
  const named = new RegExp(
    `${configName}['"]?[:\\]](\\d+)|line (\\d+) of|${configName}:(\\d+)`,
  ).exec(says);
  const number = Number(named?.[1] ?? named?.[2] ?? named?.[3]);
  const line = Number.isNaN(number) ? undefined : config.split('\n')[number - 1]?.trim();
  if (says === '') return 'it gave no reason';
  return line === undefined || line === '' ? says : `${says} (the line is: ${line})`;
}

/** Caddy writes its log as JSON. */
function messageIn(line: string): string {
  if (!line.startsWith('{')) return line;
  try {
    const { msg, error } = JSON.parse(line) as { msg?: string; error?: string };
    return [msg, error].filter((part) => part !== undefined).join(': ');
  } catch {
    // Something else that begins with a brace.
    return line;
  }
}
