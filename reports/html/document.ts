/**
 * The page around the sections. It loads nothing and may load nothing: the policy allows exactly the
 * scripts that are in it, by their hashes, so a run file that smuggled one in could not start it.
 */
import { createHash } from 'node:crypto';
import { chartLibraries, inlineScript } from './bundles.ts';
import type { Content } from './markup.ts';
import { html, Markup } from './markup.ts';
import { pageScript } from './page-script.ts';
import { style } from './style.ts';

export interface DocumentParts {
  readonly title: string;
  readonly header: Content;
  readonly main: Content;
  readonly footer: Content;
}

export function renderDocument({ title, header, main, footer }: DocumentParts): string {
  const scripts = [...chartLibraries(), inlineScript(pageScript)];
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(' ')}`,
    `style-src 'unsafe-inline'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Markup(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the verdict</a>
<header>${header}</header>
<main id="main" tabindex="-1">
${main}
</main>
<footer>${footer}</footer>
<noscript><p class="note">Charts are drawn by a script; without one, the table under each chart holds its data.</p></noscript>
${scripts.map(
  (script) => html`<script>${new Markup(script)}</script>
`,
)}</body>
</html>
`.toString();
}

/** Of exactly the text between the tags. */
function hashOf(script: string): string {
  return `'sha256-${createHash('sha256').update(script).digest('base64')}'`;
}
