/** The way back to the evidence: the command that repeats the run, and the run file itself. */
import type { RunResult } from '../../../core/result.ts';
import { exploreCommand } from '../../summary.ts';
import type { Markup } from '../markup.ts';
import { html, jsonText } from '../markup.ts';

/** Where the script of the page finds the run file. */
export const RUN_ID = 'run-file';

export function againSection(run: RunResult): Markup {
  const explore = exploreCommand(run);
  return html`<section id="again" aria-labelledby="again-title"><h2 id="again-title">Run it again</h2>
<p>The same run:</p>
<pre tabindex="0" aria-label="Command of this run"><code>${run.command}</code></pre>
${
  explore === undefined
    ? undefined
    : html`<p>A finding holds at its operating point. To look around it:</p>
<pre tabindex="0" aria-label="Command to explore"><code>${explore}</code></pre>`
}
<h2>Raw data</h2>
<p>The run file holds every trial, check and histogram (HdrHistogram V2, compressed; it opens in the HdrHistogram plotter), and every figure above can be made from it again.</p>
<p><a class="button" id="download" href="#again" download="${run.id}.json">Download the run file (JSON)</a></p>
<script type="application/json" id="${RUN_ID}">${jsonText(run)}</script>
</section>`;
}
