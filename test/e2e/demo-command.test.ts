/** The `demo` command without its page: what it prints, whom it lets in, and how it ends. */
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { startDemo } from '../demo.ts';
import { runProgram, startProgram } from '../program.ts';

const statusFor = async (url: string, origin: string): Promise<number> => {
  const response = await fetch(`${url}publish`, {
    method: 'POST',
    headers: { Origin: origin, 'Content-Type': 'text/plain' },
    body: 'hello',
  });
  return response.status;
};

describe('the demo command', () => {
  test('prints the address to open and nothing else, and ends at Ctrl-C with nothing left', async () => {
    const program = startProgram(['demo', '--port', '0']);
    await program.says('Ctrl-C ends it');
    program.child.kill('SIGINT');
    const { code, stdout } = await program.finished;
    expect(code).toBe(0);
    expect(stdout).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
    expect(program.processes()).toEqual([]);
  });

  test('lets its own page in, and of other pages only those it was told of', async () => {
    const { url } = await startDemo('--origin', 'https://friend.example');
    const own = new URL(url).origin;
    expect(await statusFor(url, own)).toBe(204);
    expect(await statusFor(url, own.replace('127.0.0.1', 'localhost'))).toBe(204);
    expect(await statusFor(url, 'https://friend.example')).toBe(204);
    expect(await statusFor(url, 'https://stranger.example')).toBe(403);
  });

  test('lets every page in where it is told so', async () => {
    const { url } = await startDemo('--origin', 'any');
    expect(await statusFor(url, 'https://stranger.example')).toBe(204);
  });

  test('serves nothing of its page to a frame or a script from elsewhere', async () => {
    const { url } = await startDemo();
    const policy = (await fetch(url)).headers.get('content-security-policy');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
  });

  test('names its streams to whoever probes the page in their place', async () => {
    const { url } = await startDemo();
    const { code, stderr } = await runProgram(['probe', url]);
    expect(code).toBe(2);
    expect(stderr).toContain(
      `The page names others: probe ${new URL('/events', url)} or ${new URL('/ws', url)}.`,
    );
  });

  test('logs sessions as JSON lines, and the messages of the one that is traced', async () => {
    const demo = await startDemo('--log', 'json', '--trace', '2');
    const readers = [];
    for (const _ of [1, 2]) {
      const stream = await fetch(`${demo.url}events?session=new`);
      readers.push(stream.body?.getReader());
      await readers.at(-1)?.read();
    }
    await demo.publish('traced');
    await readers.at(-1)?.read();
    for (const reader of readers) await reader?.cancel();
    await demo.stop();
    const entries = demo.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries[0]).toMatchObject({ msg: 'listening', address: demo.url });
    for (const session of [1, 2]) {
      expect(entries).toContainEqual(expect.objectContaining({ msg: 'session opened', session }));
      expect(entries).toContainEqual(expect.objectContaining({ msg: 'session closed', session }));
    }
    const down = entries.filter(({ msg }) => msg === 'message down');
    expect(down.filter(({ frame }) => String(frame).includes('traced'))).toHaveLength(1);
    expect(new Set(down.map(({ session }) => session))).toEqual(new Set([2]));
  });

  test('says whose port it would have been', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = String(typeof address === 'object' ? address?.port : '');
    await expect(startDemo('--port', port)).rejects.toMatchObject({
      code: 'port-in-use',
      exitCode: 3,
      message: `Port ${port} on 127.0.0.1 is already in use.`,
      hint: 'Choose another with --port, or take any free port with --port 0.',
    });
    other.close();
  });

  test.each([
    { args: ['--token', ''], says: 'The token must be visible ASCII characters, one at least.' },
    { args: ['--origin', 'nowhere'], says: "'nowhere' is no origin" },
    { args: ['--log', 'text'], says: "--log: 'text' is not one of json." },
    { args: ['--trace', '1'], says: '--trace needs --log json.' },
    { args: ['--cert', 'a.pem'], says: '--cert and --key need each other.' },
    { args: ['--cert', '/no/c.pem', '--key', '/no/k.pem'], says: 'cannot be used for TLS: ENOENT' },
    { args: ['--linger', '30'], says: "--linger: '30' has no unit" },
  ])('$args is refused before anything is started', async ({ args, says }) => {
    await expect(startDemo(...args)).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringContaining(says),
    });
  });
});
