/**
 * Reads and changes directives in a configuration that somebody else wrote, as text: what is not touched
 * stays as it was, comments and all. It knows as much of each notation as that takes, and says so where it
 * does not find the place.
 */
import type { ProxyProgram } from '../../proxies/proxy.ts';
import { writtenAs } from './plan.ts';

/** What the directive says; with several of the name the last one, undefined where there is none. */
export function valueIn(proxy: ProxyProgram, text: string, name: string): string | undefined {
  const found = [...text.matchAll(patternOf(proxy, name))].at(-1)?.groups;
  if (found === undefined) return undefined;
  if (isSwitch(proxy, name)) return found['no'] === undefined ? 'on' : 'off';
  return (found['value'] ?? '').trim();
}

/**
 * The text with the directive changed where it stands, or put where it belongs.
 * @param value '' takes it out
 * @returns undefined where there is no such place
 */
export function withDirective(
  proxy: ProxyProgram,
  text: string,
  name: string,
  value: string,
): string | undefined {
  const out = value === '' || (isSwitch(proxy, name) && value === 'off');
  if (patternOf(proxy, name).test(text)) {
    return text.replace(patternOf(proxy, name), (...args) => {
      const { lead = '' } = args.at(-1) as Readonly<Record<string, string | undefined>>;
      return out ? lead : `${lead}${written(proxy, name, value)}`;
    });
  }
  if (out) return text;
  const placed = place(proxy, text, name, value);
  return placed === undefined ? undefined : withMaps(proxy, placed, value);
}

/** Without what the surrounding notation adds to a line. */
function written(proxy: ProxyProgram, name: string, value: string): string {
  const line = writtenAs(proxy, name, value);
  return proxy.name === 'nginx' ? `${line};` : line;
}

/** Its whole text is the value: there or not. */
function isSwitch(proxy: ProxyProgram, name: string): boolean {
  return (
    (proxy.name === 'haproxy' && name.startsWith('option ')) ||
    (proxy.name === 'caddy' && name.startsWith('buffer_'))
  );
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Groups: `lead` is what stands before it and stays; `value`; `no` where it is switched off. */
function patternOf(proxy: ProxyProgram, name: string): RegExp {
  const probe = written(proxy, name, isSwitch(proxy, name) ? 'on' : '\u0000');
  const [before = ''] = probe.replace(/;$/, '').split('\u0000');
  const words = literal(before.trim()).replace(/ /g, '[ \\t]+');
  if (proxy.name === 'nginx') {
    // Several may stand in one line; a comment ends with it.
    return new RegExp(`(?<lead>^(?:[^#\\n]*[;{}])?[ \\t]*)${words}\\s+(?<value>[^;{}]*);`, 'gm');
  }
  if (before.endsWith('=')) {
    return new RegExp(`(?<lead>^[ \\t]*ProxyPass\\b[^\\n]*?[ \\t])${words}(?<value>\\S+)`, 'gm');
  }
  if (isSwitch(proxy, name)) {
    return new RegExp(`(?<lead>^[ \\t]*)(?<no>no[ \\t]+)?${words}[ \\t]*$`, 'gm');
  }
  return new RegExp(`(?<lead>^[ \\t]*)${words}[ \\t]+(?<value>[^\\n#]*)`, 'gm');
}

function place(proxy: ProxyProgram, text: string, name: string, value: string): string | undefined {
  const section = proxy.directives[name]?.section ?? '';
  const line = written(proxy, name, value);
  const after = (anchor: RegExp, insert: string): string | undefined =>
    anchor.test(text) ? text.replace(anchor, (found) => `${found}${insert}`) : undefined;
  switch (`${proxy.name} ${section}`) {
    case 'nginx main':
      return `${line}\n${text}`;
    case 'nginx events':
    case 'nginx http':
      return after(new RegExp(`^[ \\t]*${section}\\s*\\{`, 'm'), ` ${line}`);
    case 'nginx location':
      return after(/^[^#\n]*\bproxy_pass\s+[^;]+;/gm, ` ${line}`);
    case 'nginx upstream':
      return after(/^[ \t]*upstream\s+\S+\s*\{/gm, ` ${line}`);
    case 'haproxy global':
    case 'haproxy defaults':
      return after(new RegExp(`^${section}\\b[^\\n]*`, 'm'), `\n  ${line}`);
    case 'haproxy bind':
      return after(/^[ \t]*bind\b[^\n]*/gm, ` ${line}`);
    case 'apache server':
      return after(/^[ \t]*Listen\b[^\n]*/m, `\n${line}`);
    case 'apache pass':
      return after(/^[ \t]*ProxyPass[ \t][^\n]*/gm, ` ${line}`);
    case 'caddy proxy':
      return inReverseProxy(text, line);
    default:
      return undefined;
  }
}

/** Opens a block where there is none. */
function inReverseProxy(text: string, line: string): string | undefined {
  const head = /^([ \t]*reverse_proxy\b[^\n{]*(?:\{[a-z]+\}[^\n{]*)*)(\{[ \t]*)?$/m;
  if (!head.test(text)) return undefined;
  return text.replace(head, (_whole, start: string, open: string | undefined) =>
    open === undefined ? `${start.trimEnd()} {\n\t\t${line}\n\t}` : `${start}{\n\t\t${line}`,
  );
}

/** Our values for the Connection of nginx are variables of maps, which other people's files may not have. */
function withMaps({ name }: ProxyProgram, text: string, value: string): string {
  const variable = /^\$connection_(upgrade|kept)$/.exec(value);
  if (name !== 'nginx' || variable === null) return text;
  const isThere = new RegExp(`map\\s+\\$http_upgrade\\s+\\${value}\\b`).test(text);
  if (isThere) return text;
  const otherwise = variable[1] === 'kept' ? "''" : 'close';
  return text.replace(
    /^[ \t]*http\s*\{/m,
    (found) => `${found}\n  map $http_upgrade ${value} { default upgrade; '' ${otherwise}; }`,
  );
}
