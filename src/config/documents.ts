// Reads the main file and its drop-ins, and merges them into one table that remembers where every key came from.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { TomlDate, TomlError, parse } from 'smol-toml';
import { errorMessage, isErrno } from '../errors.ts';
import { locateKeys, pathKey, type KeyLines } from './locate.ts';
import type { ConfigProblem } from './problem.ts';

/** A table as parsed; keys are as written. */
export type FileTable = Readonly<Record<string, unknown>>;

export interface Document {
  readonly file: string;
  readonly table: FileTable;
  readonly lines: KeyLines;
}

/** A file's document, undefined when it is absent and may be, or the problem with it. */
export function readDocument(file: string, mayBeAbsent: boolean): Document | ConfigProblem | undefined {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT') && mayBeAbsent) return undefined;
    const message = isErrno(error, 'ENOENT') ? 'no such file' : `cannot be read: ${errorMessage(error)}`;
    return { file, line: 0, key: '', message };
  }
  try {
    return { file, table: parse(text, { unsafeKeyBehaviour: 'throw' }), lines: locateKeys(text) };
  } catch (error) {
    const line = error instanceof TomlError ? error.line : 0;
    const reason = errorMessage(error).split('\n')[0] ?? '';
    return { file, line, key: '', message: `not TOML: ${reason.replace(/^Invalid TOML document: /, '')}` };
  }
}

/** The `*.toml` files of a drop-in directory by name, or the problem with it. An absent one has none if it may. */
export function listDropIns(directory: string, mayBeAbsent: boolean): readonly string[] | ConfigProblem {
  try {
    const names = readdirSync(directory).filter((name) => name.endsWith('.toml') && !name.startsWith('.'));
    return names.sort().map((name) => join(directory, name));
  } catch (error) {
    if (isErrno(error, 'ENOENT') && mayBeAbsent) return [];
    return { file: directory, line: 0, key: '', message: `cannot be listed: ${errorMessage(error)}` };
  }
}

export function isTable(value: unknown): value is FileTable {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof TomlDate);
}

/** `upper` over `lower`: tables deep, everything else replaced. */
export function mergeTables(lower: FileTable, upper: FileTable): FileTable {
  const merged: Record<string, unknown> = { ...lower };
  for (const [key, value] of Object.entries(upper)) {
    const below = merged[key];
    merged[key] = isTable(below) && isTable(value) ? mergeTables(below, value) : value;
  }
  return merged;
}

/** The place that decides `path`: the last document that has it, or else the last that has the nearest table above. */
export function placeOf(documents: readonly Document[], path: readonly string[]): { file: string; line: number } {
  for (let length = path.length; length > 0; length -= 1) {
    const key = pathKey(path.slice(0, length));
    const document = documents.findLast(({ lines }) => lines.has(key));
    if (document !== undefined) return { file: document.file, line: document.lines.get(key) ?? 0 };
  }
  return { file: documents[0]?.file ?? '', line: documents.length === 0 ? 0 : 1 };
}
