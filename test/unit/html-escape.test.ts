/** What a run file says is text on the page, whatever it looks like. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RunResult } from '../../core/result.ts';
import { renderHtml } from '../../reports/formats/html.ts';
import { inlineScript } from '../../reports/html/bundles.ts';
import { html, jsonText, Markup } from '../../reports/html/markup.ts';
import { readRunFile } from '../../reports/run-file.ts';

const HOSTILE = '</script><script>alert(1)</script><img src=x onerror=\'a\' id="b">&amp;\u2028';

describe('html', () => {
  test.each([
    ['<b>', '&lt;b&gt;'],
    ['a & b', 'a &amp; b'],
    ['&lt;', '&amp;lt;'],
    [`"double" and 'single'`, '&quot;double&quot; and &#39;single&#39;'],
  ])('writes %s as text', (text, escaped) => {
    expect(html`<p>${text}</p>`.toString()).toBe(`<p>${escaped}</p>`);
  });

  test('keeps an attribute inside its quotes', () => {
    const value = '" onclick="alert(1)';
    expect(html`<p title="${value}"></p>`.toString()).toBe(
      '<p title="&quot; onclick=&quot;alert(1)"></p>',
    );
  });

  test('takes a fragment as it is, once', () => {
    expect(html`<p>${html`<b>${'<'}</b>`}</p>`.toString()).toBe('<p><b>&lt;</b></p>');
  });

  test('escapes the text in a list and keeps its fragments', () => {
    expect(html`${['<', html`<i></i>`, [1, undefined]]}`.toString()).toBe('&lt;<i></i>1');
  });

  test('does not take an object that only looks like a fragment', () => {
    const disguised = { toString: () => '<b>' };
    expect(disguised).not.toBeInstanceOf(Markup);
    expect(html`${disguised.toString()}`.toString()).toBe('&lt;b&gt;');
  });
});

describe('jsonText', () => {
  test('cannot end the element it stands in, and means the same', () => {
    const text = jsonText({ [HOSTILE]: [HOSTILE, '<!--', '\u2029'] }).toString();
    expect(text).not.toMatch(/[<\u2028\u2029]/);
    expect(JSON.parse(text)).toEqual({ [HOSTILE]: [HOSTILE, '<!--', '\u2029'] });
  });
});

describe('inlineScript', () => {
  test('a script may speak of script tags and comments', () => {
    const source = inlineScript('const a = "</script>", b = "</SCRIPT >", c = /<!--/;');
    expect(source).not.toMatch(/<\/script|<!--/i);
    expect(source).toBe('const a = "<\\/script>", b = "<\\/SCRIPT >", c = /<\\!--/;');
  });
});

describe('a report', () => {
  const run = readRunFile(join(import.meta.dirname, '..', 'fixtures', 'run.json'));
  const hostile: RunResult = {
    ...run,
    command: HOSTILE,
    arms: run.arms.map((arm) => ({ ...arm, title: `${arm.title}${HOSTILE}`, route: HOSTILE })),
    warnings: [{ code: HOSTILE, says: HOSTILE, hint: HOSTILE }],
    comparisons: run.comparisons.map((one) => ({ ...one, says: HOSTILE })),
    environment: { ...run.environment, cpu: HOSTILE, packages: { [HOSTILE]: HOSTILE } },
    trials: run.trials.map((trial) => ({
      ...trial,
      says: HOSTILE,
      stderrTail: HOSTILE,
      outcome: 'failed',
      excluded: HOSTILE,
    })),
  };
  const elements = (page: string): number => page.match(/<script/g)?.length ?? 0;

  test('has no element that a run file brought with it', () => {
    const page = renderHtml(hostile);
    // Not toContain: on a failure it would print a page of two megabytes.
    expect(page.includes('<script>alert')).toBe(false);
    expect(page.includes('<img src=x')).toBe(false);
    expect(page.includes('&lt;script&gt;alert(1)&lt;/script&gt;')).toBe(true);
    // Its own scripts and data, each of which ends exactly once.
    expect(page.match(/<\/script/g)?.length).toBe(elements(page));
  });

  test('starts only scripts whose hashes its policy names', () => {
    const [policy = ''] = /content="default-src[^"]*"/.exec(renderHtml(run)) ?? [];
    expect(policy).toMatch(/script-src( 'sha256-[\w+/=]+'){4};/);
    expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe-inline|https?:/);
  });

  test('is the same, byte for byte, for the same run', () => {
    expect(renderHtml(structuredClone(run)) === renderHtml(run)).toBe(true);
  });
});
