/**
 * The sample data of the local harness: real data sets of the npm package vega-datasets (BSD-3-Clause), and whose source
 * each of them plays. `npm run build` copies the files; they lie in the samples directory under their own names.
 */

import type { SourceFormat } from './source.ts';

export interface Sample {
  readonly account: string;
  readonly collection: string;
  readonly source: string;
  readonly file: string;
  /** What the file is. */
  readonly format: 'csv' | 'json';
  /** What its objects become. */
  readonly objectFormat: Exclude<SourceFormat, 'tsv'>;
  /** Into how many objects it is cut. */
  readonly objects: number;
  readonly gzip: boolean;
}

export const samples: readonly Sample[] = [
  sample('acme/films/catalog', 'movies.json', 'json', 10),
  sample('acme/vehicles/dealers', 'cars.json', 'ndjson', 6),
  sample('acme/filings/contributions', 'political-contributions.json', 'json', 3),
  sample('globex/flights/on-time', 'flights-2k.json', 'ndjson', 8, 'gzip'),
  sample('globex/airports/registry', 'airports.csv', 'csv', 6),
  sample('globex/wildlife/penguins', 'penguins.json', 'json', 4),
  sample('initech/market/daily-prices', 'stocks.csv', 'csv', 5),
  sample('initech/market/index-prices', 'sp500-2000.csv', 'csv', 8, 'gzip'),
  sample('initech/engineering/commits', 'github.csv', 'csv', 4),
  sample('initech/economy/unemployment', 'unemployment-across-industries.json', 'ndjson', 6),
  sample('initech/economy/employment', 'us-employment.csv', 'csv', 2),
  sample('umbrella/weather/stations', 'weather.csv', 'csv', 8),
  sample('umbrella/weather/seattle', 'seattle-weather.csv', 'csv', 6, 'gzip'),
  sample('umbrella/risk/disasters', 'disasters.csv', 'csv', 3),
  sample('umbrella/risk/countries', 'countries.json', 'json', 4, 'gzip'),
];

function sample(
  path: string,
  file: string,
  objectFormat: Sample['objectFormat'],
  objects: number,
  compression?: 'gzip',
): Sample {
  const [account = '', collection = '', source = ''] = path.split('/');
  const format = file.endsWith('.csv') ? 'csv' : 'json';
  return { account, collection, source, file, format, objectFormat, objects, gzip: compression === 'gzip' };
}
