/** Finds the parts of the page that scripts work on; they are marked `data-part="…"` in the markup. */

/** @throws Error when the markup and the scripts do not fit together */
export function part<T extends Element>(root: ParentNode, name: string, kind: new () => T): T {
  const found = root.querySelector(`[data-part="${name}"]`);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${kind.name} called '${name}'`);
}

/** Writes only what has changed, so that screen readers are not told the same twice. */
export function write(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  className: string,
  text = '',
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

/** Tells those who cannot see the page what has just happened on it. */
export function announce(text: string): void {
  write(part(document, 'announcement', HTMLParagraphElement), text);
}
