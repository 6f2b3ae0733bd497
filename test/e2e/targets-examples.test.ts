/** The servers in examples/targets, in languages of their own: built, started and measured as a user would. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { freePort } from '../../core/free-port.ts';
import { runResultSchema } from '../../core/result.ts';
import { missing } from '../missing.ts';
import { runProgram, temporaryFolder } from '../program.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'targets');
const out = temporaryFolder();
/** Whether a busy machine lets these tiny trials count as valid (0) or not (3, 5) is not what is tested here. */
const FINISHED = [0, 3, 5];

interface Example {
  readonly folder: string;
  readonly program: string;
  /** Says which version there is. */
  readonly version: string;
  readonly build: readonly string[];
  readonly start: readonly string[];
}

const examples: readonly Example[] = [
  {
    folder: 'go-server',
    program: 'go',
    version: 'version',
    build: ['go', 'build', '-o', 'bin/go-server', '.'],
    start: ['bin/go-server'],
  },
  {
    folder: 'python-server',
    program: 'python3',
    version: '--version',
    build: [],
    start: ['python3', '-B', 'server.py'],
  },
];

/** Ends the test where the program is missing. @throws Error with CI=true */
function mustHave({ program, version }: Example, context: TestContext): void {
  if (spawnSync(program, [version]).status !== 0) missing(`${program} is not installed`, context);
}

/** Its address; ended with the test. */
async function serve({ folder, build, start }: Example): Promise<string> {
  const cwd = join(EXAMPLES, folder);
  const [builder = '', ...buildArgs] = build;
  if (builder !== '') expect(spawnSync(builder, buildArgs, { cwd }).status).toBe(0);
  const [program = '', ...args] = start;
  const port = await freePort(['127.0.0.1']);
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const address = `http://127.0.0.1:${port}`;
  await expect.poll(() => isHealthy(address), { timeout: 10_000 }).toBe(true);
  return address;
}

async function isHealthy(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/health`)).status === 204;
  } catch (error) {
    // Nobody listens there yet.
    if (error instanceof TypeError) return false;
    throw error;
  }
}

/** Messages of a stream, each awaited in turn. */
async function* messagesOf(url: string): AsyncGenerator<Record<string, string>> {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  const { body } = await fetch(url, { signal: stop.signal });
  let text = '';
  for await (const chunk of (body ?? new ReadableStream()).pipeThrough(new TextDecoderStream())) {
    text += chunk;
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const block = text.slice(0, end);
      text = text.slice(end + 2);
      if (block.startsWith('data: ')) yield JSON.parse(block.slice(6)) as Record<string, string>;
    }
  }
}

describe.each(examples)('the example $folder', (example) => {
  test('brings every broadcast to every client, once, over SSE and WebSocket', async (context) => {
    mustHave(example, context);
    const { folder } = example;
    const { stdout, stderr, code } = await runProgram([
      'bench',
      'broadcast',
      ...['--target', join(EXAMPLES, folder, `${folder}.target.mjs`)],
      ...['--clients', '10', '--rate', '50/s', '--warmup', '0ms', '--duration', '500ms'],
      ...['--rounds', '1', '--json', '--out', out],
    ]);
    expect(FINISHED, stderr).toContain(code);
    const { trials } = runResultSchema.parse(JSON.parse(stdout));
    expect(trials.map(({ arm }) => arm).sort()).toEqual(['sse', 'ws']);
    for (const { arm, outcome, ledger, closed } of trials) {
      expect({ arm, outcome, closed }).toEqual({ arm, outcome: 'completed', closed: [] });
      expect(ledger).toMatchObject({
        expected: 250,
        received: 250,
        lost: 0,
        duplicated: 0,
        // POSTs are under way beside each other, so that one may overtake another on a busy machine.
        reordered: expect.any(Number),
        foreign: 0,
      });
    }
  });

  test('takes a command to one client, and its reply back', async (context) => {
    mustHave(example, context);
    const address = await serve(example);
    const trigger = (client: string, message: string): Promise<Response> =>
      fetch(`${address}/trigger?client_id=${client}&message=${message}`);
    const respond = async (client: string, id: string, result: unknown): Promise<number> => {
      const body = JSON.stringify({ id, result });
      const headers = { 'Client-ID': client };
      return (await fetch(`${address}/response`, { method: 'POST', headers, body })).status;
    };
    expect((await trigger('nobody', 'hi')).status).toBe(404);
    expect(await respond('nobody', '1', 'x')).toBe(404);

    const stream = messagesOf(`${address}/events?client_id=`);
    const { value: first } = await stream.next();
    expect(first?.type).toBe('client_id');
    const { id: client = '' } = first ?? {};
    // Two commands at one time, answered the other way round: each reply finds its command.
    const answers = [trigger(client, 'a'), trigger(client, 'b')];
    const commands = [(await stream.next()).value, (await stream.next()).value];
    expect(commands.map(({ method }) => method)).toEqual(['message', 'message']);
    expect(await respond(client, 'unasked', 'x')).toBe(404);
    for (const { id, message } of commands.reverse()) {
      expect(await respond(client, id, { heard: message })).toBe(204);
    }
    // A late reply is nobody's.
    expect(await respond(client, commands[0].id, 'again')).toBe(404);
    for (const [i, answer] of (await Promise.all(answers)).entries()) {
      expect(await answer.json()).toEqual({ heard: 'ab'[i] });
    }

    // One that comes back under its id takes the place of the one before.
    const socket = new WebSocket(`${address.replace('http', 'ws')}/ws?client_id=${client}`);
    onTestFinished(() => socket.terminate());
    const [welcome] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(welcome.toString())).toEqual({ type: 'client_id', id: client });
    socket.on('message', (data: Buffer) => {
      const { id, message } = JSON.parse(data.toString()) as Record<string, string>;
      // Long enough for a frame whose length takes eight bytes.
      socket.send(JSON.stringify({ id, result: `${message}${'x'.repeat(70_000)}` }));
    });
    expect(await (await trigger(client, 'c')).json()).toBe(`c${'x'.repeat(70_000)}`);
  });
});
