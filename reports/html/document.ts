/** The page around the sections. */
import { chartLibraries, inlineScript } from './bundles.ts';
import type { Content } from './markup.ts';
import { html, Markup } from './markup.ts';
import { pageHead, pagePolicy } from './page-head.ts';
import { pageScript } from './page-script.ts';

export interface DocumentParts {
  readonly title: string;
  readonly header: Content;
  readonly main: Content;
  readonly footer: Content;
}

export function renderDocument({ title, header, main, footer }: DocumentParts): string {
  const scripts = [...chartLibraries(), inlineScript(pageScript)];
  return html`${pageHead(title, pagePolicy(scripts))}
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
