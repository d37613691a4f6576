/** A task's build is that of its records, whether there are a few builds among them or no two alike. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SegmentDraft } from '../../src/index/segments/segmentDraft.ts';
import { sortDraft } from '../../src/index/segments/sortDraft.ts';
import { columnsOfDraft } from '../../src/index/segments/taskColumns.ts';
import { textAt } from '../../src/index/texts.ts';
import type { BuildInfo } from '../../src/model/record.ts';

/** By task: its build as the side has it. */
function buildsOf(builds: readonly (BuildInfo | undefined)[]): (string | undefined)[] {
  const draft = new SegmentDraft();
  for (const [at, build] of builds.entries()) {
    const task = `task-${String(at).padStart(5, '0')}`;
    draft.add({ tsMs: at, event: 'attempt.started', task, ...(build ? { build } : {}) }, 'v');
  }
  const { folded, order } = sortDraft(draft);
  const { dictionary, codes } = columnsOfDraft(draft, folded, order).names.build;
  return Array.from(codes, (code) => (code === 0 ? undefined : textAt(dictionary, code - 1)));
}

function expected(build: BuildInfo | undefined): string | undefined {
  return build && JSON.stringify([build.service ?? null, build.version ?? null, build.commit ?? null, null]);
}

for (const [name, versions, commits] of [
  ['few builds', 2, 3],
  ['more builds than could be counted', 400, 401],
] as const) {
  test(name, () => {
    const builds = Array.from({ length: 1200 }, (_, at): BuildInfo | undefined => {
      if (at % 7 === 0) return undefined;
      const version = at % 5 === 0 ? {} : { version: `1.${at % versions}` };
      return { service: 'ingest', ...version, commit: `c${at % commits}` };
    });
    assert.deepEqual(buildsOf(builds), builds.map(expected));
  });
}
