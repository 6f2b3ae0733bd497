/** The page of `npm run demo` in a real browser: what it says happened is what did happen. */
import { describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { describeInBrowser } from '../browser.ts';
import { newest, openConnected, openDemo, startDemo } from '../demo.ts';

describeInBrowser('the demo page', (browser) => {
  describe.each([390, 1440])('at %i px', (width) => {
    test.each(['light', 'dark'] as const)('is whole and at rest, in %s', async (colorScheme) => {
      const demo = await startDemo();
      const { page, complaints, requests, sse, ws } = await openConnected(browser(), demo, {
        width,
        colorScheme,
      });
      const height = (): Promise<number> => page.evaluate('document.body.scrollHeight');
      const before = await height();
      for (const column of [sse, ws]) {
        await column.says('clock', /^\d\d:\d\d:\d\d UTC$/);
        await column.root.locator('.quote dd').nth(7).waitFor();
      }
      expect(await height()).toBe(before);
      expect(await page.evaluate('document.scrollingElement.scrollWidth - innerWidth')).toBe(0);
      expect(complaints).toEqual([]);
      expect(requests.filter((one) => new URL(one).host !== new URL(demo.url).host)).toEqual([]);
    });
  });

  test.each([
    { way: 'publish-by-post', says: 'To room main: POST answered 204.' },
    { way: 'publish-by-frame', says: 'To room main: frame sent.' },
  ])('$way: it arrives in both columns, and how long that took is drawn', async ({ way, says }) => {
    const { page, complaints, sse, ws } = await openConnected(browser(), await startDemo());
    await page.locator(`[data-part="${way}"]`).check();
    await page.getByLabel('Message').fill('good morning');
    await page.getByLabel('Message').press('Enter');
    for (const column of [sse, ws]) {
      await newest(column, 'message', ': good morning');
      await column.says('latency-figures', '1 in all');
      expect(await column.root.locator('circle').count()).toBe(1);
    }
    await page.locator('[data-part="publish-outcome"]', { hasText: says }).waitFor();
    expect(complaints).toEqual([]);
  });

  test('two tabs see what the other publishes, and each measures its own only', async () => {
    const demo = await startDemo();
    const one = await openConnected(browser(), demo);
    const other = await openConnected(browser(), demo, { context: one.context });
    for (const [tab, text] of [
      [one, 'from one'],
      [other, 'from the other'],
    ] as const) {
      await tab.page.getByLabel('Message').fill(text);
      await tab.page.getByRole('button', { name: 'Publish' }).click();
      for (const { sse, ws } of [one, other]) {
        await newest(sse, 'message', text);
        await newest(ws, 'message', text);
      }
    }
    for (const column of [one.sse, one.ws, other.sse, other.ws]) {
      await column.says('latency-figures', '1 in all');
    }
  });

  test('a room that is published to is joined first, on both connections', async () => {
    const demo = await startDemo();
    const { page, sse, ws } = await openConnected(browser(), demo);
    await page.getByLabel('Room').fill('side room');
    await page.getByRole('button', { name: 'Publish' }).click();
    for (const column of [sse, ws]) await newest(column, 'message', ': hello');
    await demo.publish('to all in there', 'side%20room');
    for (const column of [sse, ws]) await newest(column, 'message', 'to all in there');
  });

  test('a request is answered on all three ways, with its round trip', async () => {
    const { page, complaints } = await openConnected(browser(), await startDemo());
    await page.getByLabel('Request, which').fill('who?');
    await page.getByRole('button', { name: 'Send all three ways' }).click();
    for (const way of ['response', 'stream', 'frame']) {
      await page.locator(`[data-part="request-${way}"]`, { hasText: '"who?"' }).waitFor();
      expect(await page.locator(`[data-part="request-${way}-ms"]`).textContent()).toMatch(
        /^\d+\.\d ms$/,
      );
    }
    expect(complaints).toEqual([]);
  });

  describe.each(['sse', 'ws'] as const)('asked over %s', (name) => {
    test('a person answers with the keyboard alone, and the answer gets there', async () => {
      const { page, complaints, ...columns } = await openConnected(browser(), await startDemo());
      const column = columns[name];
      await column.part('ask').press('Enter');
      await column.root.locator('[data-part="ask-fields"]:enabled').waitFor();
      await page.keyboard.type('events');
      await page.keyboard.press('Enter');
      await column.says('ask-outcome', 'with 200: {"outcome":"answered","data":"events"}');
      await column.says('ask-question', 'No question is waiting.');
      expect(complaints).toEqual([]);
    });

    test('a person declines, and whoever asked is told so', async () => {
      const { sse, ws } = await openConnected(browser(), await startDemo());
      const column = { sse, ws }[name];
      await column.part('ask').click();
      await column.part('ask-decline').click();
      await column.says(
        'ask-outcome',
        'with 502: {"outcome":"failed","error":"the person declined"}',
      );
    });

    test('nobody answers in time, and an answer after that is refused', async () => {
      const { sse, ws } = await openConnected(browser(), await startDemo());
      const column = { sse, ws }[name];
      await column.part('ask-within').fill('1');
      await column.part('ask').click();
      await column.says('ask-outcome', /with \d+: \{"outcome":"timeout"\}/);
      await column.part('ask-answer').fill('too late');
      await column.part('ask-answer').press('Enter');
      if (name === 'sse') await column.says('ask-outcome', 'POST answered 410');
      else await newest(column, 'refused', '"status":410');
    });
  });

  test('what it shows as the wire is what is on the wire', async () => {
    const demo = await startDemo();
    const { page, sse, ws } = await openConnected(browser(), demo);
    const stream = await fetch(`${demo.url}events`);
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    const socket = new WebSocket(`${demo.url.replace('http', 'ws')}ws`);
    await new Promise((resolve) => socket.once('open', resolve));
    const frame = new Promise<string>((resolve) => {
      socket.once('message', (data) => resolve(String(data)));
    });
    await demo.publish('two\nlines "quoted"');
    let text = '';
    while (!text.includes('quoted')) text += (await reader?.read())?.value ?? '';
    await newest(sse, 'message', 'quoted');
    await newest(ws, 'message', 'quoted');
    const event = `${text.split('\n\n').find((one) => one.includes('quoted'))}\n\n`;
    expect(await sse.root.locator('.wire').first().textContent()).toBe(event);
    expect(await ws.root.locator('.wire').first().textContent()).toBe(await frame);
    // Told to one session only: nobody else can be asked what it looks like.
    await page.getByRole('button', { name: 'Send all three ways' }).click();
    await newest(sse, 'answer', 'ping');
    await newest(ws, 'answer', 'ping');
    const answer = '{"id":"1","data":"ping"}';
    expect(await sse.root.locator('.wire').first().textContent()).toBe(
      `event: answer\ndata: ${answer}\n\n`,
    );
    expect(await ws.root.locator('.wire').first().textContent()).toBe(
      `{"event":"answer","data":${answer}}`,
    );
    socket.terminate();
    await reader?.cancel();
  });

  test('shows markup in a message as the text it is', async () => {
    const demo = await startDemo();
    const { page, complaints, sse } = await openConnected(browser(), demo);
    await demo.publish('<img src=x onerror="document.title=1">');
    await newest(sse, 'message', '<img src=x');
    expect(await page.locator('img').count()).toBe(0);
    expect(complaints).toEqual([]);
  });

  test('connects with the token in its address, and says what it looks like without', async () => {
    const demo = await startDemo('--token', 'let-me-in');
    const { page } = await openConnected(browser(), demo, { fragment: '#token=let-me-in' });
    await page.getByRole('button', { name: 'Publish' }).click();
    await page.locator('[data-part="publish-outcome"]', { hasText: 'answered 204' }).waitFor();
    const { sse, ws } = await openDemo(browser(), demo);
    await sse.is('closed');
    await ws.is('waiting');
  });

  test('works over HTTPS and WSS with a certificate made for the run', async () => {
    const demo = await startDemo('--tls');
    expect(demo.url).toMatch(/^https:/);
    const { complaints } = await openConnected(browser(), demo);
    expect(complaints).toEqual([]);
  });

  test('is told to come back when the server ends, which leaves nothing open', async () => {
    const demo = await startDemo();
    const { page, sse, ws } = await openConnected(browser(), demo, { stopClock: true });
    // The page does not get to trying again: what it says stays.
    await page.clock.pauseAt(Date.now() + 60_000);
    expect(await demo.stop()).toBe(0);
    await sse.is('waiting');
    await ws.says('state', /^closed \(1012\); the page tries again in \d+ ms$/);
    await expect(fetch(demo.url)).rejects.toThrow();
  });
});
