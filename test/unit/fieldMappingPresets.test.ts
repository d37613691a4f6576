/** Each preset, on what the libraries of its format really wrote (test/fixtures/logFormats/generate.mjs). */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { splitExport } from '../../src/logs/splitExport.ts';
import { FieldMapping } from '../../src/model/fieldMapping/fieldMapping.ts';
import type { PresetName } from '../../src/model/fieldMapping/presets.ts';
import { isJsonObject, type Json } from '../../src/model/json.ts';
import { type LogRecord, parseRecord } from '../../src/model/record.ts';

const stack = [
  "TypeError: Cannot read properties of undefined (reading 'length')",
  '    at readRows (/srv/worker/ingestObject.js:3:24)',
  '    at ingestObject (/srv/worker/ingestObject.js:6:12)',
].join('\n');
const message = "Cannot read properties of undefined (reading 'length')";
const startMs = Date.UTC(2026, 10, 23, 10, 0, 0, 250);
const task = { task: 'orders-0017', account: 'acme', collection: 'orders', worker: 'w-7', attempt: 1 };
const build = { service: 'ingest-worker', version: '2.4.1' };

/** The story that every file tells, but for how the failure is described and for what only one format says. */
const story = [
  { tsMs: startMs, level: 'info', event: 'log', message: 'worker is up' },
  { tsMs: startMs + 1000, level: 'info', event: 'attempt.started', message: 'attempt started', ...task },
  { tsMs: startMs + 2000, level: 'debug', event: 'log', message: 'read 120 rows', ...task },
  { tsMs: startMs + 3000, level: 'error', event: 'attempt.failed', message: 'attempt failed', ...task },
  { tsMs: startMs + 4000, level: 'warn', event: 'log', message: 'heartbeat is late' },
];

function jsonLines(file: string): readonly { readonly value: Json; readonly json: string }[] {
  const text = readFileSync(join(import.meta.dirname, '../fixtures/logFormats', `${file}.ndjson`), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((json) => ({ value: JSON.parse(json) as Json, json }));
}

function read(file: string, preset: PresetName): LogRecord[] {
  const fields = new FieldMapping(preset);
  return jsonLines(file).flatMap(({ value, json }) =>
    (splitExport(value, json) ?? [{ kind: 'record', value } as const]).map((part) => {
      assert.equal(part.kind, 'record');
      const parsed = fields.parse(part.kind === 'record' ? part.value : undefined);
      assert.ok(parsed.kind === 'record', JSON.stringify(parsed));
      return parsed.record;
    }),
  );
}

function assertStory(
  records: readonly LogRecord[],
  expected: {
    readonly error: object;
    readonly build?: object;
    /** What is left of each line. */
    readonly rest: readonly (object | undefined)[];
  },
): void {
  assert.deepEqual(
    records,
    story.map((record, at) => ({
      ...record,
      ...(record.event === 'attempt.failed' ? { error: expected.error } : {}),
      ...(expected.build ? { build: expected.build } : {}),
      ...(expected.rest[at] ? { rest: expected.rest[at] } : {}),
    })),
  );
}

test('pino: time, msg, numbered levels and err; pid and the like stay', () => {
  const base = { pid: 4711, hostname: 'worker-7' };
  assertStory(read('pino', 'pino'), {
    error: { type: 'TypeError', message, stack },
    rest: [
      base,
      base,
      { ...base, rows: 120, http: { status: 206 } },
      { ...base, err: { code: 'BAD_ROW', row: 17 } },
      { ...base, lateMs: 1250.5, tags: ['slow', 'lease'] },
    ],
  });
});

test("Elastic's formatter for Pino: keys with dots beside nested ones, the task's fields as labels", () => {
  const base = {
    'process.pid': 4711,
    'host.hostname': 'worker-7',
    'ecs.version': '8.10.0',
    'service.node.name': 'w-7',
    'event.dataset': 'ingest-worker',
  };
  assertStory(read('ecs-pino', 'ecs'), {
    error: { type: 'TypeError', message, stack },
    build,
    rest: [
      base,
      { ...base, event: { dataset: 'ingest' } },
      { ...base, http: { response: { status_code: 206 } }, rows: 120 },
      { ...base, event: { dataset: 'ingest' } },
      { ...base, lateMs: 1250.5, tags: ['slow', 'lease'] },
    ],
  });
});

test("Elastic's formatter for Winston: the task's fields under their canonical names", () => {
  const base = { 'ecs.version': '8.10.0', 'event.dataset': 'ingest-worker' };
  assertStory(read('ecs-winston', 'ecs'), {
    error: { type: 'TypeError', message, stack },
    build,
    rest: [
      base,
      base,
      { ...base, http: { status: 206 }, rows: 120 },
      { ...base, error: { code: 'BAD_ROW', row: 17 } },
      { ...base, lateMs: 1250.5, tags: ['slow', 'lease'] },
    ],
  });
});

test('Logstash, version 0 as Winston writes it: everything of its own is in @fields', () => {
  assertStory(read('logstash-winston', 'logstash'), {
    error: { stack },
    rest: [
      undefined,
      undefined,
      { '@fields': { http: { status: 206 }, rows: 120 } },
      { '@fields': { code: 'BAD_ROW' } },
      { '@fields': { lateMs: 1250.5, tags: ['slow', 'lease'] } },
    ],
  });
});

test('Logstash, version 1 as log4js writes it: levels in capitals, stack_trace; thread_name stays', () => {
  const base = { '@version': '1', type: 'ingest', service: 'ingest-worker', category: 'ingest' };
  assertStory(read('logstash-log4js', 'logstash'), {
    error: { stack },
    rest: [
      base,
      base,
      { ...base, rows: 120, http: { status: 206 } },
      { ...base, thread_name: 'main' },
      { ...base, lateMs: 1250.5, tags: ['slow', 'lease'] },
    ],
  });
});

const resource = { attributes: { 'service.instance.id': 'w-7', 'process.pid': 4711 } };
const openTelemetry = {
  // The SDK takes a code for the type where an error has one.
  error: { type: 'BAD_ROW', message, stack },
  build: { ...build, commit: '9f2c4e1' },
};

test('OpenTelemetry exports: each record of a line, with its resource and scope, in plain JSON', () => {
  const worker = {
    scope: { name: 'ingest.worker', version: '1.0.0' },
    scopeLogs: { schemaUrl: 'https://opentelemetry.io/schemas/1.37.0' },
  };
  const rest = (at: number, severityText: string, more: object): object => ({
    // Observed 1,234 ns later than it happened.
    observedTimeUnixNano: `${startMs + at * 1000}001234`,
    severityText,
    droppedAttributesCount: 0,
    resource: { ...resource, droppedAttributesCount: 0 },
    ...more,
  });
  assertStory(read('opentelemetry', 'opentelemetry'), {
    ...openTelemetry,
    rest: [
      rest(0, 'INFO', { attributes: {}, ...worker }),
      rest(1, 'INFO', worker),
      rest(2, 'DEBUG', { attributes: { rows: 120, http: { status: 206 } }, ...worker }),
      rest(3, 'ERROR', worker),
      rest(4, 'WARN', { attributes: { lateMs: 1250.5, tags: ['slow', 'lease'] }, scope: { name: 'ingest.lease' } }),
    ],
  });
});

test('OpenTelemetry records by themselves, as its console exporter shows them', () => {
  const schemaUrl = 'https://opentelemetry.io/schemas/1.37.0';
  const worker = { resource, instrumentationScope: { name: 'ingest.worker', version: '1.0.0', schemaUrl } };
  assertStory(read('opentelemetry-records', 'opentelemetry'), {
    ...openTelemetry,
    rest: [
      { ...worker, severityText: 'INFO', attributes: {} },
      { ...worker, severityText: 'INFO' },
      { ...worker, severityText: 'DEBUG', attributes: { rows: 120, http: { status: 206 } } },
      { ...worker, severityText: 'ERROR' },
      {
        resource,
        instrumentationScope: { name: 'ingest.lease' },
        severityText: 'WARN',
        attributes: { lateMs: 1250.5, tags: ['slow', 'lease'] },
      },
    ],
  });
});

test('without its preset no line of these formats is a record: it is rejected for want of a time', () => {
  for (const file of ['pino', 'ecs-pino', 'ecs-winston', 'logstash-winston', 'logstash-log4js', 'opentelemetry']) {
    for (const { value } of jsonLines(file)) {
      assert.ok(isJsonObject(value));
      assert.deepEqual(parseRecord(value), { kind: 'rejected', reason: 'no ts' }, file);
    }
  }
});

// By the documents of formats whose libraries are not on npm.
const others: readonly (readonly [what: string, preset: PresetName, value: Json, expected: LogRecord])[] = [
  [
    'Logback (logstash-logback-encoder), which has numbers for levels too',
    'logstash',
    {
      '@timestamp': '2026-11-23T11:00:00.2501+01:00',
      '@version': '1',
      message: 'no',
      logger_name: 'ingest.Reader',
      thread_name: 'main',
      level: 'WARN',
      level_value: 30000,
      stack_trace: 'java.io.EOFException\n\tat ingest.Reader.read(Reader.java:12)',
      task: 't-1',
    },
    {
      tsMs: startMs,
      event: 'log',
      level: 'warn',
      message: 'no',
      task: 't-1',
      error: { stack: 'java.io.EOFException\n\tat ingest.Reader.read(Reader.java:12)' },
      rest: {
        '@timestamp': '2026-11-23T11:00:00.2501+01:00',
        '@version': '1',
        logger_name: 'ingest.Reader',
        thread_name: 'main',
        level_value: 30000,
      },
    },
  ],
  [
    "log4j's layout for Logstash",
    'logstash',
    {
      '@timestamp': '2026-11-23T10:00:00.250Z',
      level: 'FATAL',
      exception: { exception_class: 'java.io.EOFException', exception_message: 'end', stacktrace: 'java…' },
      mdc: { task: 't-1', attempt: '2', user: 'u' },
    },
    {
      tsMs: startMs,
      event: 'log',
      level: 'fatal',
      task: 't-1',
      attempt: 2,
      error: { type: 'java.io.EOFException', message: 'end', stack: 'java…' },
      rest: { mdc: { user: 'u' } },
    },
  ],
  [
    "OpenTelemetry's log data model as its specification prints it",
    'opentelemetry',
    {
      Timestamp: '1795428000250000000',
      Attributes: { 'http.status_code': 500, 'ingest.task': 't-1' },
      Resource: { 'service.name': 'worker', 'service.version': 'semver:2.0.0' },
      TraceId: 'f4dbb3edd765f620',
      SeverityText: 'INFO',
      SeverityNumber: 9,
      Body: 'hello',
    },
    {
      tsMs: startMs,
      event: 'log',
      level: 'info',
      message: 'hello',
      task: 't-1',
      build: { service: 'worker', version: 'semver:2.0.0' },
      rest: { Attributes: { 'http.status_code': 500 }, TraceId: 'f4dbb3edd765f620', SeverityText: 'INFO' },
    },
  ],
  [
    "OpenTelemetry's console exporter in Python",
    'opentelemetry',
    {
      body: 'hello',
      severity_number: 18,
      severity_text: 'ERROR2',
      attributes: { 'exception.type': 'KeyError', 'exception.message': "'x'", 'exception.stacktrace': 'Traceback…' },
      timestamp: '2026-11-23T10:00:00.250000Z',
      observed_timestamp: '2026-11-23T10:00:00.250321Z',
      resource: { attributes: { 'service.name': 'worker' }, schema_url: '' },
    },
    {
      tsMs: startMs,
      event: 'log',
      level: 'error',
      message: 'hello',
      error: { type: 'KeyError', message: "'x'", stack: 'Traceback…' },
      build: { service: 'worker' },
      rest: {
        severity_number: 18,
        severity_text: 'ERROR2',
        observed_timestamp: '2026-11-23T10:00:00.250321Z',
        resource: { schema_url: '' },
      },
    },
  ],
];
for (const [what, preset, value, record] of others) {
  test(`reads ${what}`, () => {
    assert.deepEqual(new FieldMapping(preset).parse(value), { kind: 'record', record });
  });
}
