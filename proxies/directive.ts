/**
 * A setting of a proxy under the name that the proxy itself gives it: what may be written, what holds where
 * it is left out, and what it means for a stream. Values stay in the proxy's own notation.
 */
import { fault } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';

/** What a value may look like. */
export interface Kind {
  /** The rest of 'takes …'. */
  readonly takes: string;
  readonly pattern: RegExp;
}

export interface Directive {
  readonly kind: Kind;
  /** What holds where it is left out, in the proxy's notation or in words. */
  readonly default: string;
  /** One sentence: what it does to a stream. */
  readonly help: string;
  /** Where in the configuration its line stands. */
  readonly section: string;
  /** The line, where it is not the name and the value one after the other. */
  readonly line?: (value: string) => string;
  /** First version that knows it; left out: all that are in use. */
  readonly since?: string;
  /** What a time-out is with `--fast-timers`: seconds, so that its end can be waited for. */
  readonly fast?: string;
}

export type Directives = Readonly<Record<string, Directive>>;
/** By name of the directive; '' takes one out of a preset, so that the proxy's own default holds. */
export type Values = Readonly<Record<string, string>>;

export const onOff: Kind = { takes: 'on or off', pattern: /^(on|off)$/ };
export const count: Kind = { takes: 'a whole number like 16', pattern: /^\d+$/ };
export const words: Kind = {
  takes: 'what the proxy takes there, in one line',
  pattern: /^[^\n\r;{}]+$/,
};
export const oneOf = (...choices: readonly string[]): Kind => ({
  takes: `one of ${choices.join(', ')}`,
  pattern: new RegExp(`^(${choices.join('|')})$`),
});

/** The lines of a section, in the order of the table. @param write a line of name and value */
export function linesOf(
  directives: Directives,
  values: Values,
  section: string,
  write: (name: string, value: string) => string,
): string[] {
  return Object.entries(directives).flatMap(([name, directive]) => {
    const value = values[name];
    if (directive.section !== section || value === undefined || value === '') return [];
    return [directive.line?.(value) ?? write(name, value)];
  });
}

/** 'name=value' of one proxy. @throws HarnessError `unknown-name` or `bad-value` */
export function parseSetting(proxy: string, directives: Directives, text: string): Values {
  const at = text.indexOf('=');
  const name = (at < 0 ? text : text.slice(0, at)).trim();
  const value = text.slice(at + 1).trim();
  const directive = Object.hasOwn(directives, name) ? directives[name] : undefined;
  if (directive === undefined) {
    const known = Object.keys(directives);
    const nearest = nearestOf(name, known);
    throw fault('unknown-name', { what: `${proxy} directive`, name, nearest, known });
  }
  if (at < 0 || (value !== '' && !directive.kind.pattern.test(value))) {
    throw fault('bad-value', {
      flag: '--proxy-set',
      problem: `${proxy}.${name} takes ${directive.kind.takes}, not '${at < 0 ? '' : value}' (its default is ${directive.default}; an empty value takes it out of the preset)`,
    });
  }
  return { [name]: value };
}

/** The time-outs of a proxy as seconds, for whoever wants to see them end. */
export function fastTimers(directives: Directives): Values {
  return Object.fromEntries(
    Object.entries(directives).flatMap(([name, { fast }]) =>
      fast === undefined ? [] : [[name, fast]],
    ),
  );
}

/** Those of the values that this version does not know yet, a sentence each. */
export function tooNew(directives: Directives, values: Values, version: string): string[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const since = directives[name]?.since;
    if (since === undefined || value === '' || !isOlder(version, since)) return [];
    return [`${name} came with ${since}, and this is ${version}`];
  });
}

/** '2.6.2' is older than '2.7'. */
export function isOlder(version: string, than: string): boolean {
  const [left, right] = [version, than].map((text) => text.split('.').map(Number));
  for (const [index, wanted] of (right ?? []).entries()) {
    const there = left?.[index] ?? 0;
    if (there !== wanted) return there < wanted;
  }
  return false;
}
