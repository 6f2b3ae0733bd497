/**
 * The head of every page of ours, and what the page may do: run exactly the scripts that are in it, by their
 * hashes, and load nothing. So a run file that smuggled a script in could not start it.
 */
import { createHash } from 'node:crypto';
import type { Content } from './markup.ts';
import { html, Markup } from './markup.ts';
import { style } from './style.ts';

/**
 * Everything but `frame-ancestors`, which only a header can say.
 * @param scripts as they stand between their tags
 * @param peer whom it may talk to: nobody, or the server that it came from
 */
export function pagePolicy(scripts: readonly string[], peer: 'none' | 'self' = 'none'): string {
  return [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(' ')}`,
    "style-src 'unsafe-inline'",
    ...(peer === 'self' ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    `form-action '${peer}'`,
  ].join('; ');
}

function hashOf(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}

/** Up to where the body begins. @param more what the page adds to the style sheet */
export function pageHead(title: Content, policy: string, more = ''): Markup {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(style)}${new Markup(more)}</style>
</head>`;
}
