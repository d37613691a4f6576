/**
 * The presets (docs/field-mapping.md): which paths of a known log format give which canonical field. Of several for one
 * field the first that is there and fits gives it.
 */

import type { Target } from './targets.ts';

export const presetNames = ['ecs', 'opentelemetry', 'pino', 'logstash'] as const;
export type PresetName = (typeof presetNames)[number];

export type MappingEntry = readonly [path: string, target: Target];

/** The fields that no log format knows: each is looked for by its own name where the format keeps fields of one's own. */
const ownFields = [
  'task',
  'attempt',
  'account',
  'collection',
  'source',
  'coordinator',
  'worker',
  'event',
  'key',
  'bytes',
  'docs',
] as const satisfies readonly Target[];

function ownUnder(folder: string): readonly MappingEntry[] {
  return ownFields.map((field) => [`${folder}.${field}`, field]);
}

function errorUnder(folder: string): readonly MappingEntry[] {
  return [
    [`${folder}.type`, 'error.type'],
    [`${folder}.message`, 'error.message'],
    [`${folder}.stack`, 'error.stack'],
  ];
}

/** log4j's layouts for Logstash. */
function exceptionUnder(folder: string): readonly MappingEntry[] {
  return [
    [`${folder}.exception_class`, 'error.type'],
    [`${folder}.exception_message`, 'error.message'],
    [`${folder}.stacktrace`, 'error.stack'],
  ];
}

/** Attributes of a record count before those of its resource. */
function openTelemetryOf(attributes: string, resource: string): readonly MappingEntry[] {
  return [
    [`${attributes}.exception.type`, 'error.type'],
    [`${attributes}.exception.message`, 'error.message'],
    [`${attributes}.exception.stacktrace`, 'error.stack'],
    ...ownUnder(`${attributes}.ingest`),
    ...ownUnder(attributes),
    ...ownUnder(`${resource}.ingest`),
    ...ownUnder(resource),
    [`${attributes}.event.name`, 'event'],
    [`${resource}.service.name`, 'build.service'],
    [`${resource}.service.version`, 'build.version'],
    [`${resource}.vcs.ref.head.revision`, 'build.commit'],
    [`${resource}.vcs.repository.url.full`, 'build.repository'],
  ];
}

export const presets: Readonly<Record<PresetName, readonly MappingEntry[]>> = {
  ecs: [
    ['@timestamp', 'ts'],
    ['log.level', 'level'],
    ['error.stack_trace', 'error.stack'],
    // Beside the canonical `error` also as keys with a dot.
    ...errorUnder('error'),
    ...ownUnder('ingest'),
    ...ownUnder('labels'),
    ['event.action', 'event'],
    ['service.name', 'build.service'],
    ['service.version', 'build.version'],
    ['labels.commit', 'build.commit'],
    ['labels.repository', 'build.repository'],
  ],
  opentelemetry: [
    // OTLP; the log data model as its specification prints it; the console exporters of JavaScript and Python.
    ['timeUnixNano', 'ts:ns'],
    ['Timestamp', 'ts:ns'],
    ['timestamp', 'ts:us'],
    ['observedTimeUnixNano', 'ts:ns'],
    ['ObservedTimestamp', 'ts:ns'],
    ['observed_timestamp', 'ts:us'],
    ['severityNumber', 'level:opentelemetry'],
    ['SeverityNumber', 'level:opentelemetry'],
    ['severity_number', 'level:opentelemetry'],
    ['severityText', 'level'],
    ['SeverityText', 'level'],
    ['severity_text', 'level'],
    ['body', 'message'],
    ['Body', 'message'],
    ...openTelemetryOf('attributes', 'resource.attributes'),
    ...openTelemetryOf('Attributes', 'Resource'),
    ['eventName', 'event'],
    ['EventName', 'event'],
    ['event_name', 'event'],
  ],
  pino: [
    ['time', 'ts'],
    ['level', 'level:pino'],
    ['msg', 'message'],
    ...errorUnder('err'),
    // Bunyan's.
    ['err.name', 'error.type'],
    ['err', 'error.message'],
    ...ownUnder('ingest'),
  ],
  logstash: [
    ['@timestamp', 'ts'],
    ['@message', 'message'],
    ['@fields.level', 'level'],
    ['stack_trace', 'error.stack'],
    ['@fields.stack_trace', 'error.stack'],
    ['@fields.stack', 'error.stack'],
    ...errorUnder('@fields.error'),
    ...exceptionUnder('exception'),
    ...exceptionUnder('@fields.exception'),
    ...ownUnder('ingest'),
    ...ownUnder('mdc'),
    ...ownUnder('@fields'),
  ],
};

export function isPresetName(name: unknown): name is PresetName {
  return typeof name === 'string' && Object.hasOwn(presets, name);
}
