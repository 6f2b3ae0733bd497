/** HTML from templates in which everything is escaped unless its type says that it already is HTML. */

/** A piece of HTML. The private field makes the type nominal: no string passes for one by accident. */
export class Markup {
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  toString(): string {
    return this.#source;
  }
}

/** What a template accepts: text is escaped, fragments and lists of them are not escaped again. */
export type Content = string | number | Markup | undefined | readonly Content[];

/** `undefined` becomes nothing. Attribute values need quotes around them in the template. */
export function html(strings: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return new Markup(strings.reduce((text, part, index) => text + render(values[index - 1]) + part));
}

function render(value: Content): string {
  if (value === undefined) return '';
  if (value instanceof Markup) return value.toString();
  return typeof value === 'object' ? value.map(render).join('') : escapeText(String(value));
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}

/**
 * JSON for the inside of a script element, where entities mean nothing: no `<` can end the element
 * or open a comment, and the two line ends that JSON allows and older JavaScript does not are escaped.
 */
export function jsonText(value: unknown): Markup {
  return new Markup(
    JSON.stringify(value)
      .replaceAll('<', '\\u003c')
      .replaceAll('\u2028', '\\u2028')
      .replaceAll('\u2029', '\\u2029'),
  );
}
