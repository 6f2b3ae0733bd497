/** What `--route` and the `--proxy-…` options ask for, as the routes that there will be. Nothing is started. */
import { readFileSync } from 'node:fs';
import { fault, reasonOf } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { RoutePlan } from '../loadgen/routes/plan.ts';
import { describeShape, parseShape } from '../loadgen/routes/shape.ts';
import type { Skipped } from '../loadgen/target-fit.ts';
import { findBinary, installCommand } from '../proxies/binary.ts';
import type { Values } from '../proxies/directive.ts';
import { fastTimers, parseSetting } from '../proxies/directive.ts';
import type { PresetName, ProxyProgram } from '../proxies/proxy.ts';
import { presetNames } from '../proxies/proxy.ts';
import type { ProxyName } from '../proxies/registry.ts';
import { isProxyName, proxies } from '../proxies/registry.ts';
import { hashOf } from '../proxies/template.ts';
import { SETTING_BREAK } from './options.ts';

export const DIRECT = 'direct';
const OPTIONS = ['proxy-set', 'proxy-preset', 'proxy-config'] as const;

/** A route with what is said of it. */
export interface RouteChoice {
  readonly name: string;
  /** Undefined: nothing is in between. */
  readonly plan: RoutePlan | undefined;
  /** 'via nginx', for titles. */
  readonly title: string;
  /** One sentence for the run file. */
  readonly says: string;
  /** Settings of a proxy that were not left to it. */
  readonly values?: Values;
}

export const direct: RouteChoice = {
  name: DIRECT,
  plan: undefined,
  title: '',
  says: 'clients connect to the server',
};

export interface RoutesAsked {
  readonly texts: Readonly<Record<string, string>>;
  readonly tls: boolean;
  readonly fastTimers: boolean;
  /** Port of the server, 0 where any will do. */
  readonly port: number;
  /** The environment variable PATH. */
  readonly path: string | undefined;
  readonly platform: NodeJS.Platform;
}

export interface RoutesFound {
  readonly routes: readonly RouteChoice[];
  readonly skipped: readonly Skipped[];
}

/** @throws HarnessError for what there is not, or makes no sense; `proxy-missing` where nothing is left */
export function readRoutes(asked: RoutesAsked): RoutesFound {
  const { texts, path, platform } = asked;
  const parts = splitRoutes(texts['route'] ?? DIRECT);
  const named = parts.filter(isProxyName);
  refuseUseless(asked, named);
  const twice = parts.find((part, index) => parts.indexOf(part) !== index);
  if (twice !== undefined) throw bad('--route', `${twice} is there twice`);
  const routes: RouteChoice[] = [];
  const skipped: Skipped[] = [];
  const missing: ProxyProgram[] = [];
  const count = { relay: 0, url: 0 };
  for (const part of parts) {
    if (part === DIRECT) routes.push(direct);
    else if (isProxyName(part)) {
      const binary = findBinary(proxies[part], path);
      if (binary !== undefined) routes.push(...proxyRoutes(part, binary, asked, named));
      else {
        missing.push(proxies[part]);
        const install = installCommand(proxies[part], platform);
        skipped.push({ what: `--route ${part}`, says: `it is not installed (${install})` });
      }
    } else if (part === 'relay' || part.startsWith('relay:')) {
      count.relay += 1;
      routes.push(relayRoute(part, numbered('relay', count.relay)));
    } else if (part.startsWith('url:')) {
      count.url += 1;
      routes.push(urlRoute(part.slice('url:'.length), numbered('url', count.url), asked));
    } else {
      const known = [DIRECT, ...Object.keys(proxies), 'relay:delay=40ms', 'url:https://…'];
      const [word = part] = part.split(':');
      const nearest = nearestOf(word, [DIRECT, ...Object.keys(proxies), 'relay', 'url']);
      throw fault('unknown-name', { what: 'route', name: part, nearest, known });
    }
  }
  if (routes.length === 0) {
    throw fault('proxy-missing', {
      names: missing.map(({ title }) => title),
      install: missing.map((proxy) => installCommand(proxy, platform)),
    });
  }
  return { routes, skipped };
}

const numbered = (name: string, number: number): string =>
  number === 1 ? name : `${name}-${number}`;

/** Commas are between routes and also in the description of a relay: what is no route goes on with the last. */
export function splitRoutes(text: string): string[] {
  const parts: string[] = [];
  for (const part of text.split(',').map((one) => one.trim())) {
    const last = parts.at(-1);
    if (part === '') continue;
    if (last?.startsWith('relay:') === true && /^[a-z]+=/.test(part)) {
      parts[parts.length - 1] = `${last},${part}`;
    } else parts.push(part);
  }
  if (parts.length === 0) throw bad('--route', 'it names no route; direct is the one without any');
  return parts;
}

/** An option that would do nothing is a mistake. */
function refuseUseless({ texts, fastTimers }: RoutesAsked, named: readonly ProxyName[]): void {
  const given: string[] = OPTIONS.filter((name) => texts[name] !== undefined);
  if (fastTimers) given.push('fast-timers');
  const [first] = given;
  if (first === undefined || named.length > 0) return;
  throw bad(
    `--${first}`,
    `it is about proxies, and --route names none of ${Object.keys(proxies).join(', ')}`,
  );
}

/** One route per preset that was asked for. */
function proxyRoutes(
  name: ProxyName,
  binary: string,
  asked: RoutesAsked,
  named: readonly ProxyName[],
): RouteChoice[] {
  const { texts, tls } = asked;
  const proxy: ProxyProgram = proxies[name];
  const settings = readSettings(texts['proxy-set'], named)[name] ?? {};
  const file = configFileOf(texts['proxy-config'], name, named);
  const route = (
    routeName: string,
    preset: string,
    template: string,
    values: Values,
  ): RouteChoice => ({
    name: routeName,
    plan: { kind: 'proxy', name: routeName, proxy: name, binary, preset, template },
    title: routeName === name ? `via ${proxy.title}` : `via ${proxy.title} (${preset})`,
    says: `a real ${proxy.title} on this machine, ${preset}, configuration ${hashOf(template)}`,
    values,
  });
  if (file !== undefined) {
    const useless = Object.keys(settings).length > 0 ? 'proxy-set' : undefined;
    if (useless !== undefined || asked.fastTimers) {
      throw bad(
        `--${useless ?? 'fast-timers'}`,
        `${name} has a configuration of its own (--proxy-config); write it into that`,
      );
    }
    return [route(name, `file ${file}`, readTemplate(file, tls), {})];
  }
  const presets = readPresets(texts['proxy-preset']);
  return presets.map((preset) => {
    const values = {
      ...proxy.presets[preset],
      ...(asked.fastTimers ? fastTimers(proxy.directives) : {}),
      ...settings,
    };
    const changed = [
      preset,
      ...(asked.fastTimers ? ['fast timers'] : []),
      ...Object.entries(settings).map(([key, value]) => `${key}=${value}`),
    ].join(', ');
    const routeName = presets.length === 1 ? name : `${name}-${preset}`;
    return route(routeName, changed, proxy.config(values, tls), values);
  });
}

function readPresets(text: string | undefined): PresetName[] {
  const names = (text ?? 'stock').split(',').map((one) => one.trim());
  return [...new Set(names)].map((name) => {
    const preset = presetNames.find((known) => known === name);
    if (preset !== undefined) return preset;
    const nearest = nearestOf(name, presetNames);
    throw fault('unknown-name', { what: 'preset', name, nearest, known: presetNames });
  });
}

/** 'nginx.proxy_buffering=off; caddy.flush_interval=-1' by proxy. */
function readSettings(
  text: string | undefined,
  named: readonly ProxyName[],
): Partial<Record<ProxyName, Values>> {
  const settings: Partial<Record<ProxyName, Values>> = {};
  for (const part of (text ?? '').split(SETTING_BREAK).map((one) => one.trim())) {
    if (part === '') continue;
    const [, name = '', setting = ''] = /^([a-z]+)\.(.+)$/.exec(part) ?? [];
    if (!isProxyName(name)) {
      throw bad(
        '--proxy-set',
        `'${part}' does not begin with a proxy; write it like nginx.proxy_buffering=off`,
        nearestOf(name, Object.keys(proxies)),
      );
    }
    if (!named.includes(name)) throw bad('--proxy-set', `${name} is not in --route`);
    const proxy: ProxyProgram = proxies[name];
    settings[name] = { ...settings[name], ...parseSetting(name, proxy.directives, setting) };
  }
  return settings;
}

/** 'FILE' where there is one proxy, or 'nginx=FILE,caddy=FILE'. */
function configFileOf(
  text: string | undefined,
  name: ProxyName,
  named: readonly ProxyName[],
): string | undefined {
  if (text === undefined) return undefined;
  const files: Record<string, string> = {};
  for (const part of text.split(',').map((one) => one.trim())) {
    const [, owner = '', path = ''] = /^(\w+)=(.+)$/.exec(part) ?? [];
    if (isProxyName(owner)) files[owner] = path;
    else if (named.length === 1 && named[0] !== undefined) files[named[0]] = part;
    else {
      throw bad(
        '--proxy-config',
        `--route names ${named.length} proxies, so say whose '${part}' is, like ${named[0]}=${part}`,
      );
    }
  }
  const stray = Object.keys(files).find((owner) => !named.includes(owner as ProxyName));
  if (stray !== undefined) throw bad('--proxy-config', `${stray} is not in --route`);
  return files[name];
}

function readTemplate(path: string, tls: boolean): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw bad('--proxy-config', `${path} cannot be read: ${reasonOf(error)}`);
  }
  for (const placeholder of ['{listen}', '{upstream}']) {
    if (text.includes(placeholder)) continue;
    throw bad(
      '--proxy-config',
      `${path} has no ${placeholder}, so it would not be in between; {listen} stands for address and port for clients, {upstream} for those of the server, {folder} for a temporary folder`,
    );
  }
  const hasCertificate = /\{(cert|pem)\}/.test(text);
  if (hasCertificate !== tls) {
    throw bad(
      tls ? '--tls' : '--proxy-config',
      tls
        ? `${path} has neither {cert} and {key} nor {pem}, so the proxy would speak no TLS`
        : `${path} has a certificate, which is only there with --tls`,
    );
  }
  return text;
}

function relayRoute(text: string, name: string): RouteChoice {
  const shape = parseShape(text.replace(/^relay:?/, '') || 'delay=0ms');
  const how = describeShape(shape) || 'nothing but passing on';
  return {
    name,
    plan: { kind: 'relay', name, shape },
    title: `via a relay (${how})`,
    says: `a relay of TCP in between: ${how}; it cannot lose packets`,
  };
}

function urlRoute(text: string, name: string, { tls, port }: RoutesAsked): RouteChoice {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw bad(
      '--route',
      `'url:${text}' has no address; write it like url:https://push.example.com`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw bad('--route', `url: takes http:// and https://, not ${url.protocol}//`);
  }
  if (url.search !== '' || url.hash !== '' || url.username !== '' || url.password !== '') {
    throw bad('--route', 'url: takes an address and a path, and nothing else');
  }
  if (tls) {
    throw bad('--tls', `whether ${text} speaks TLS is decided by its http:// or https://`);
  }
  if (port === 0) {
    throw bad(
      '--route',
      `what is at ${text} has to reach the server of the run, so say with --port where on 127.0.0.1 that listens, and let it pass everything on to there`,
    );
  }
  const where = `${url.protocol}//${url.host}${url.pathname === '/' ? '' : url.pathname}`;
  return {
    name,
    plan: { kind: 'url', name, url: where },
    title: `via ${url.host}`,
    says: `clients connect to ${where}, which has to pass everything on to 127.0.0.1:${port}`,
  };
}

function bad(flag: string, problem: string, nearest?: string) {
  return fault('bad-value', { flag, problem, nearest });
}
