/**
 * `export <run>`: a run for other programs, in the format they read; and `--export` of `bench` and
 * `check`, which does the same at the end of a run and never fails one.
 */
import { dirname, join, resolve } from 'node:path';
import { exitCodes, fault, HarnessError } from '../core/errors.ts';
import { nearestOf } from '../core/nearest.ts';
import type { RunResult } from '../core/result.ts';
import type { ExportFormat } from '../reports/export/format.ts';
import type { ExportName } from '../reports/export/registry.ts';
import { exportFormats, exportNames, isExportName } from '../reports/export/registry.ts';
import { readRunFile } from '../reports/run-file.ts';
import { findRun } from '../reports/run-lookup.ts';
import type { Io } from './io.ts';
import type { CommandFactory } from './listed-command.ts';
import { refuseFile, refuseFolder } from './output-place.ts';
import { defaultRuns } from './runs-folder.ts';

interface Flags {
  readonly runs: string;
  readonly format?: string;
  readonly out?: string;
}

/** A format and where it goes: an absolute path, or an address. */
export interface ExportOrder {
  readonly format: ExportName;
  readonly to: string;
}

export const exportCommand: CommandFactory = (command, io, finish) => {
  const formats = exportNames.map((name) => `${name}: ${exportFormats[name].help}`).join('; ');
  command
    .argument('<run>', 'a run id, a path to a run folder or run.json, latest, latest~1')
    .option('--runs <dir>', 'folder in which run ids are looked up', defaultRuns())
    .requiredOption('--format <name>', formats)
    .option('--out <where>', 'file, folder or address (default: beside the run file)')
    .action(async (name: string, flags: Flags) => {
      await runExport(name, flags, io);
      finish(exitCodes.passed);
    });
};

async function runExport(name: string, flags: Flags, io: Io): Promise<void> {
  const format = formatOf(flags.format ?? '');
  const given = flags.out === undefined ? undefined : order('--out', format, flags.out);
  const runFile = findRun(resolve(flags.runs), name);
  const to = given?.to ?? beside(runFile, format);
  const written = await formatNamed(format).write(readRunFile(runFile), to);
  for (const one of written) io.out(`${one}\n`);
  if (written.length === 0) io.err(nothingFor(format));
}

function beside(runFile: string, format: ExportName): string {
  const { name } = formatNamed(format);
  if (name !== undefined) return join(dirname(runFile), name);
  throw fault('bad-usage', {
    problem: `${format} needs an address: --out URL.`,
    command: 'export',
  });
}

const nothingFor = (format: ExportName): string =>
  `No trial of this run counts, so there is nothing for ${format}, and nothing was written.\n`;

const formatNamed = (name: ExportName): ExportFormat => exportFormats[name];

/** For commander: an option that may be given several times. */
export function addExportOption(command: {
  option(
    flags: string,
    help: string,
    parse: (value: string, before?: string[]) => string[],
  ): unknown;
}): void {
  const places = { file: 'FILE', folder: 'DIR', address: 'URL' } as const;
  const formats = exportNames.map((name) => `${name}=${places[formatNamed(name).destination]}`);
  command.option(
    '--export <format=where>',
    `also hand the run to another program: ${formats.join(', ')}; may be repeated`,
    (value, before = []) => [...before, value],
  );
}

/**
 * 'csv=run.csv' → an order. Asked before anything is started.
 * @throws HarnessError for an unknown format or a place that cannot be one
 */
export function readExports(texts: readonly string[] = []): ExportOrder[] {
  return texts.map((text) => {
    const [, name = text, to = ''] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
    return order(`--export ${name}`, formatOf(name), to);
  });
}

function formatOf(name: string): ExportName {
  if (isExportName(name)) return name;
  throw fault('unknown-name', {
    what: 'export format',
    name,
    nearest: nearestOf(name, exportNames),
    known: exportNames,
  });
}

function order(flag: string, format: ExportName, to: string): ExportOrder {
  const { destination, problemWith } = formatNamed(format);
  const problem =
    to.trim() === '' ? `say where, for example --export ${EXAMPLES[format]}` : problemWith?.(to);
  if (problem !== undefined) throw fault('bad-value', { flag, problem });
  if (destination === 'file') refuseFile(flag, to);
  if (destination === 'folder') refuseFolder(flag, to);
  return { format, to: destination === 'address' ? to : resolve(to) };
}

const EXAMPLES = {
  prometheus: 'prometheus=pushbench.prom',
  csv: 'csv=run.csv',
  hlog: 'hlog=logs',
  otlp: 'otlp=http://127.0.0.1:4318',
} as const satisfies Record<ExportName, string>;

/** At the end of a run, which has been kept by then: what cannot be handed over is told, and that is all. */
export async function exportRun(
  run: RunResult,
  orders: readonly ExportOrder[],
  io: Io,
): Promise<void> {
  for (const { format, to } of orders) {
    try {
      const written = await formatNamed(format).write(run, to);
      for (const one of written) io.err(`${format}  ${one}\n`);
      if (written.length === 0) io.err(nothingFor(format));
    } catch (error) {
      if (!(error instanceof HarnessError)) throw error;
      const again = `npm run export -- ${run.id} --format ${format} --out ${to}`;
      io.err(`Warning: ${error.message}\n  ${error.hint} Then: ${again}\n`);
    }
  }
}
