/** CSV by the grammar of RFC 4180 and nothing more lenient: what breaks a rule throws. */

/** Rows of fields; every line has to end in CRLF, and every row has to be as long as the first. */
export function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  let at = 0;
  while (at < text.length) {
    const field = /"(?:[^"]|"")*"|[^",\r\n]*/y;
    field.lastIndex = at;
    const [found = ''] = field.exec(text) ?? [];
    row.push(found.startsWith('"') ? found.slice(1, -1).replaceAll('""', '"') : found);
    at += found.length;
    if (text[at] === ',') {
      at += 1;
    } else if (text.startsWith('\r\n', at)) {
      at += 2;
      rows.push(row);
      row = [];
    } else {
      throw new Error(`no comma and no CRLF at ${at}: ${JSON.stringify(text.slice(at, at + 40))}`);
    }
  }
  const [first] = rows;
  const odd = rows.find(({ length }) => length !== first?.length);
  if (odd !== undefined) throw new Error(`a row of ${odd.length} fields: ${odd.join('|')}`);
  return rows;
}
