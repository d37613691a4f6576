/** Cuts sample files into objects as a data feed would deliver them. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { assertNever } from '../model/assertNever.ts';
import { type Json, parseJson } from '../model/json.ts';
import type { Sample } from './samples.ts';

export const compress: (body: Uint8Array) => Promise<Buffer> = promisify(gzip);

/** A sample file, row by row. */
export interface SampleRows {
  readonly sample: Sample;
  /** The header line of CSV. */
  readonly header: string | undefined;
  /** CSV rows as they stand in the file, JSON rows as JSON text. */
  readonly rows: readonly string[];
}

/** @throws Error when the file is missing or is not what the list of samples says */
export async function readSample(directory: string, sample: Sample): Promise<SampleRows> {
  const text = await readFile(join(directory, sample.file), 'utf8');
  if (sample.format === 'csv') {
    const [header, ...rows] = parse(text, { raw: true, bom: true, relax_column_count: true }) as unknown as RawRow[];
    return { sample, header: header && lineOf(header), rows: rows.map(lineOf) };
  }
  const value = parseJson(text);
  if (!Array.isArray(value)) throw new Error(`sample ${sample.file} is no JSON array`);
  return { sample, header: undefined, rows: value.map((row: Json) => JSON.stringify(row)) };
}

interface RawRow {
  readonly raw: string;
}

function lineOf(row: RawRow): string {
  return row.raw.replace(/\r?\n$/, '');
}

/** The rows from `start` to `end`, exclusive, as one object of the sample's format, not compressed. */
export function objectBody({ sample, header, rows }: SampleRows, start: number, end: number): Buffer {
  const part = rows.slice(start, end);
  switch (sample.objectFormat) {
    case 'csv':
      return Buffer.from(`${[header ?? '', ...part].join('\n')}\n`);
    case 'ndjson':
      return Buffer.from(part.map((row) => `${row}\n`).join(''));
    case 'json':
      return Buffer.from(`[${part.join(',\n')}]\n`);
    default:
      return assertNever(sample.objectFormat);
  }
}

export interface LandingObject {
  readonly key: string;
  readonly body: Uint8Array;
}

/** All objects of a sample, under its `landing/` folder. */
export async function landingObjects(rows: SampleRows): Promise<LandingObject[]> {
  const { sample } = rows;
  const objects: LandingObject[] = [];
  for (let index = 0; index < sample.objects; index++) {
    const start = Math.floor((rows.rows.length * index) / sample.objects);
    const end = Math.floor((rows.rows.length * (index + 1)) / sample.objects);
    const body = objectBody(rows, start, end);
    objects.push({ key: landingKey(sample, index), body: sample.gzip ? await compress(body) : body });
  }
  return objects;
}

export function landingKey(sample: Sample, index: number): string {
  const name = `${sample.file.replace(/\.[a-z]+$/, '')}-${String(index).padStart(2, '0')}`;
  return `landing/${sample.account}/${sample.collection}/${sample.source}/${name}.${sample.objectFormat}${sample.gzip ? '.gz' : ''}`;
}
