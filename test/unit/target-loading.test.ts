/** Target files: what is read of them, and what is said of one that cannot be used, before anything is started. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { loadTarget, loadTargets } from '../../cli/target-file.ts';
import { refusalFrom } from '../refusal.ts';

// What a target file imports is this whole program, which a busy machine takes seconds to load.
beforeAll(() => import('../../index.ts'), 60_000);

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'pushbench-target-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const plain = {
  name: 'mine',
  start: { command: 'node server.js' },
  sse: { url: 'http://127.0.0.1:{port}/events' },
  ws: { url: 'ws://127.0.0.1:{port}/socket' },
  publish: { post: { url: 'http://127.0.0.1:{port}/publish', body: '{"text":"{message}"}' } },
};

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const places = (named: Record<string, string> = {}) => ({ folder, named });

async function refusal(loading: Promise<unknown>): Promise<string> {
  const { message, hint, exitCode } = await refusalFrom(loading);
  expect(exitCode).toBe(2);
  return `${message} ${hint}`;
}

/** What is said of a file that holds this. */
async function said(value: unknown): Promise<string> {
  write('one.json', JSON.stringify(value));
  return refusal(loadTarget('./one.json', places()));
}

describe('a file', () => {
  test.each([
    ['one.json', JSON.stringify(plain)],
    ['one.mjs', `export default ${JSON.stringify(plain)};`],
    ['one.js', `module.exports = ${JSON.stringify(plain)};`],
    ['one.ts', `const port: string = '{port}'; export default ${JSON.stringify(plain)};`],
    [
      'one.mts',
      `import { defineTarget } from 'pushbench'; export default defineTarget(${JSON.stringify(plain)});`,
    ],
    [
      'named.mjs',
      Object.entries(plain)
        .map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`)
        .join('\n'),
    ],
  ])('%s is read, and its commands run in its folder', async (name, text) => {
    const path = write(name, text);
    const { target, hash, ...rest } = await loadTarget(`./${name}`, places());
    expect(rest).toEqual({ name: 'mine', title: 'mine' });
    expect(target).toEqual({ ...plain, cwd: folder, file: path });
    expect(hash).toMatch(/^[0-9a-f]{16}$/);
  });

  test('may run its commands elsewhere, relative to itself', async () => {
    mkdirSync(join(folder, 'app'));
    write('one.json', JSON.stringify({ ...plain, cwd: 'app' }));
    expect((await loadTarget('./one.json', places())).target.cwd).toBe(join(folder, 'app'));
    expect(await said({ ...plain, cwd: 'nowhere' })).toContain(
      `cwd: there is no folder ${join(folder, 'nowhere')}`,
    );
  });

  test('is found by the short name that the configuration gives it', async () => {
    write('one.json', JSON.stringify(plain));
    const named = places({ short: './one.json', gone: './gone.json' });
    expect((await loadTarget('short', named)).name).toBe('mine');
    expect(await refusal(loadTarget('shrt', named))).toBe(
      "There is no target 'shrt'. Did you mean 'short'? Known: short, gone, built-in.",
    );
    expect(await refusal(loadTarget('gone', named))).toMatch(
      /gone\.json cannot be used as a target: .* the configuration names it 'gone'/,
    );
  });

  test('that is not there, or not readable, is named with the reason', async () => {
    expect(await refusal(loadTarget('./no.ts', places()))).toMatch(
      /no\.ts cannot be used as a target: there is no such file\. Give the path/,
    );
    expect(await refusal(loadTarget('.', places()))).toContain('it is a folder');
    write('broken.json', '{');
    expect(await refusal(loadTarget('./broken.json', places()))).toContain('it is no JSON');
    write('throws.mjs', "throw new Error('no database')");
    expect(await refusal(loadTarget('./throws.mjs', places()))).toContain('no database');
    write('one.yaml', 'name: mine');
    expect(await refusal(loadTarget('./one.yaml', places()))).toContain('.yaml');
  });
});

describe('several targets', () => {
  test('are told apart by their names, and ours is one of them', async () => {
    write('a.json', JSON.stringify({ ...plain, name: 'a', title: 'My A' }));
    write('b.json', JSON.stringify({ ...plain, name: 'b' }));
    const choices = await loadTargets('./a.json, ./b.json,built-in', places());
    expect(choices.map(({ name, title }) => [name, title])).toEqual([
      ['a', 'My A'],
      ['b', 'b'],
      ['built-in', 'the built-in server'],
    ]);
    expect(choices.map(({ target }) => target === undefined)).toEqual([false, false, true]);
  });

  test('of one name are refused, and so is none', async () => {
    write('a.json', JSON.stringify(plain));
    write('b.json', JSON.stringify(plain));
    expect(await refusal(loadTargets('./a.json,./b.json', places()))).toContain(
      "two targets are named 'mine'",
    );
    expect(await refusal(loadTargets(' ,', places()))).toContain('names no target');
  });

  test('are ours alone where nothing is said', async () => {
    expect((await loadTargets(undefined, places())).map(({ name }) => name)).toEqual(['built-in']);
  });
});

describe('what stands in it', () => {
  const { sse, publish } = plain;
  test.each<[unknown, string]>([
    [5, 'it is no target (it has to be an object)'],
    [{}, 'name: it is missing'],
    [{ ...plain, publish: undefined }, 'publish: it is missing'],
    [{ ...plain, name: 'My Server' }, 'name: it has letters, digits and dashes only'],
    [{ ...plain, extra: 1 }, "there is no field 'extra')"],
    [{ ...plain, ssee: sse }, "there is no field 'ssee'; the nearest is 'sse'"],
    [
      { ...plain, sse: { ...sse, evnts: ['a'] } },
      "sse: there is no field 'evnts'; the nearest is 'events'",
    ],
    [
      { name: 'my-package', version: '1.0.0', files: ['dist'] },
      'it is no target file: it has none of sse, ws and publish',
    ],
    [{ ...plain, sse: { ...sse, uri: 'x' } }, "sse: there is no field 'uri'"],
    [{ ...plain, sse: { url: '' } }, 'sse.url: it is empty'],
    [{ ...plain, publish: { posts: {} } }, 'publish: it has to have post, frame or command'],
    [{ ...plain, publish: { post: {} } }, 'publish.post.url: it is missing'],
    [{ ...plain, publish: { post: { url: 5 } } }, 'publish.post.url: it has to be a string'],
    [{ ...plain, start: { command: 5 } }, 'start.command: it has to be a string or an array'],
    [
      { ...plain, start: { command: 'x', ready: { output: '(' } } },
      'start.ready.output: it is no regular expression',
    ],
    [
      { ...plain, ws: { ...plain.ws, opening: [{ wait: 'x' }] } },
      'ws.opening.0: it has to have await, send or post',
    ],
    [
      { name: 'x', publish, start: plain.start },
      'it describes neither sse nor ws, so no client could connect; add sse: { url } or ws: { url }',
    ],
    [
      { ...plain, start: undefined },
      'sse.url has {port}, but without start nobody chooses a port; write the port that the server listens on, or add start',
    ],
    [
      { ...plain, sse: { url: 'http://127.0.0.1:{prt}/' } },
      'sse.url has {prt}, and there is no such placeholder; did you mean {port}',
    ],
    [
      { ...plain, sse: { url: 'http://x/{room}' } },
      'sse.url has {room}, and there is no such placeholder; it may have {port}, {folder}, {client}',
    ],
    [
      { ...plain, sse: { url: 'http://x/{message}' } },
      'sse.url has {message}, which means nothing there',
    ],
    [
      { ...plain, publish: { post: { url: 'http://x/', body: '{mesage}' } } },
      'publish.post.body has {mesage}, and there is no such placeholder; did you mean {message}',
    ],
    [{ ...plain, build: 'make {port}' }, 'build has {port}, which means nothing there'],
    [{ ...plain, sse: { url: '/events' } }, "sse.url: '/events' is no address"],
    [
      { ...plain, ws: { url: 'http://127.0.0.1:{port}/' } },
      "ws.url: 'http://127.0.0.1:{port}/' does not begin with ws:// or wss://",
    ],
    [
      { ...plain, sse: { ...sse, opening: [{ send: 'hello' }] } },
      'sse.opening.0.send: nothing can be sent over Server-Sent Events',
    ],
    [
      { ...plain, ws: { ...plain.ws, opening: [{ send: 'join {id}' }] } },
      'ws.opening.0 has {id}, but no step before it finds one',
    ],
    [
      { ...plain, publish: { post: { url: 'http://x/', body: 'hello' } } },
      'publish.post has {message} neither in url nor in body',
    ],
    [{ ...plain, publish: { frame: { text: 'x' } } }, 'publish.frame.text has no {message}'],
    [
      { ...plain, ws: undefined, publish: { frame: { text: '{message}' } } },
      'publish.frame has no url, and there is no ws whose url it could use',
    ],
    [
      { ...plain, publish: { command: 'redis-cli', line: 'PUBLISH x' } },
      'publish.line has no {message}',
    ],
    [{ ...plain, name: 'built-in' }, "name: 'built-in' is the server of pushbench itself"],
  ])('%j is refused with where and why', async (value, words) => {
    expect(await said(value)).toContain(words);
  });

  test.each([
    [
      'braces of JSON, of the shell and of templates',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the shell's
      '{"a":{"b":"${HOME} {{name}} {x y}"},"m":"{message}"}',
    ],
    ['what looks like nothing that we know', '{customer} {message}'],
  ])('%s are left alone', async (_, body) => {
    write('one.json', JSON.stringify({ ...plain, publish: { post: { url: 'http://x/', body } } }));
    const { target } = await loadTarget('./one.json', places());
    expect(target.publish).toEqual({ post: { url: 'http://x/', body } });
  });

  test('an {id} that a step has found may be said', async () => {
    const opening = [{ await: '"id":"(?<id>[^"]+)"' }, { send: 'join {id} {client}' }];
    write('one.json', JSON.stringify({ ...plain, ws: { ...plain.ws, opening } }));
    expect((await loadTarget('./one.json', places())).target.ws?.opening).toEqual(opening);
  });
});

test('what has another ending is told of all that there are', async () => {
  write('one.txt', '');
  expect(await refusal(loadTarget('./one.txt', places()))).toContain(
    "'.txt' is no module; it has to end in .ts, .mts, .cts, .js, .mjs, .cjs, .json",
  );
});
