/**
 * The script of the page, as the text that goes into it: draws the charts, and makes the run file
 * downloadable. Everything else on the page works without it.
 */

import { RUN_ID } from './sections/again.ts';

/**
 * Expressions are interpreted (`ast`), because compiling them would need a page that may evaluate
 * strings. A chart inside something closed cannot be seen yet, so it waits until that opens.
 */
export const pageScript = `(() => {
  'use strict';
  const options = {
    mode: 'vega-lite', renderer: 'svg', actions: false, ast: true, hover: false,
    defaultStyle: false, tooltip: { disableDefaultStyle: true, theme: 'plain' },
  };
  async function draw(place) {
    if (place.dataset.state !== undefined) return;
    place.dataset.state = 'drawing';
    const spec = JSON.parse(document.getElementById(place.id + '-spec').textContent);
    try {
      await vegaEmbed(place, spec, options);
      place.dataset.state = 'drawn';
    } catch (error) {
      place.dataset.state = 'failed';
      place.textContent = 'This chart could not be drawn (' + error.message + '); its data is in the table below.';
    }
  }
  function drawVisible() {
    for (const place of document.querySelectorAll('.chart')) {
      if (place.checkVisibility()) void draw(place);
    }
  }
  drawVisible();
  document.addEventListener('toggle', drawVisible, true);
  // A link from the table of contents may lead into something closed.
  function openTarget() {
    const target = document.getElementById(location.hash.slice(1));
    for (let at = target; at; at = at.parentElement) if (at.tagName === 'DETAILS') at.open = true;
    if (target) target.scrollIntoView();
  }
  window.addEventListener('hashchange', openTarget);
  if (location.hash !== '') openTarget();
  const link = document.getElementById('download');
  const run = document.getElementById('${RUN_ID}').textContent;
  link.href = URL.createObjectURL(new Blob([run], { type: 'application/json' }));
})();
`;
