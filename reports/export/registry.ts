/** The export formats. To add one: a file in formats/, and a line in the table; the keys are the names. */

import type { ExportFormat } from './format.ts';
import { csv } from './formats/csv.ts';
import { hlog } from './formats/hlog.ts';
import { otlp } from './formats/otlp.ts';
import { prometheus } from './formats/prometheus.ts';

export const exportFormats = {
  prometheus,
  csv,
  hlog,
  otlp,
} satisfies Record<string, ExportFormat>;

export type ExportName = keyof typeof exportFormats;

export const exportNames = Object.keys(exportFormats) as ExportName[];

export function isExportName(name: string): name is ExportName {
  return Object.hasOwn(exportFormats, name);
}
