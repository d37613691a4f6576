/** An environment: the places where one ingest system can be asked (docs/environments.md). Never holds a secret. */

import type { Fields } from './fieldMapping/fieldMapping.ts';

export interface S3Options {
  readonly endpoint?: string;
  readonly region?: string;
  /** Name of an AWS profile; credentials come from the AWS provider chain only. */
  readonly profile?: string;
  readonly forcePathStyle?: boolean;
}

/** A path prefix as a build machine knew it, and where it is in the workspace. */
export interface PathMapping {
  readonly from: string;
  readonly to: string;
}

export interface Environment {
  readonly name: string;
  /** Coordinator URLs; their peers are discovered. */
  readonly coordinators: readonly string[];
  /** `file:///…` or `s3://bucket/prefix`. */
  readonly logs?: string;
  readonly index?: string;
  readonly clickhouse?: string;
  readonly s3?: S3Options;
  /** What the logs call the canonical fields, where they have other names for them. */
  readonly fields?: Fields;
  /** A duration such as `90d`: what is older leaves the index. */
  readonly retain?: string;
  readonly paths: readonly PathMapping[];
  readonly repository?: string;
}

export interface EnvironmentProblem {
  /** Path of the bad value, e.g. `environments[0].logs`. */
  readonly path: string;
  readonly message: string;
}

export type ParsedEnvironments =
  | { readonly kind: 'environments'; readonly environments: readonly Environment[] }
  | {
      readonly kind: 'problems';
      readonly problems: readonly EnvironmentProblem[];
      /** Those that have none. */
      readonly sound: readonly Environment[];
    };
