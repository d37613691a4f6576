/** What a source file declares tells its frames from those of look-alikes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Declaration, declarationIn } from '../../src/stacktrace/declaredModule.ts';
import { findTraces } from '../../src/stacktrace/findTraces.ts';
import type { ReadSource } from '../../src/stacktrace/readSource.ts';
import { resolveFrame } from '../../src/stacktrace/resolveFrame.ts';
import { resolveTrace } from '../../src/stacktrace/resolveTrace.ts';
import type { Frame } from '../../src/stacktrace/trace.ts';
import { WorkspaceFiles } from '../../src/stacktrace/workspaceFiles.ts';

const declared: readonly (readonly [path: string, text: string, module: string | undefined, Declaration])[] = [
  ['A.java', '/* c */\npackage com.acme ;\nclass A {}', 'com.acme.A$Inner', 'same'],
  ['A.java', 'package com.other;\nclass A {}', 'com.acme.A', 'other'],
  ['A.java', 'class A {}', 'A', 'same'],
  ['A.java', 'class A {}', 'com.acme.A', 'other'],
  ['a.kt', '@file:JvmName("A")\npackage com.acme.`in`.x\n', 'com.acme.in.x.AKt', 'same'],
  ['a.scala', 'package com.acme\npackage ingest\nobject A', 'com.acme.ingest.A$', 'same'],
  ['package.scala', 'package com.acme\npackage object ingest {}', 'com.acme.ingest.package$', 'other'],
  ['A.java', '/*\npackage of tools for the ingest\n*/\npackage com.acme;\nclass A {}', 'com.acme.A', 'same'],
  ['ATest.kt', 'package com.acme\n\nval source = """\npackage com.other\n"""', 'com.acme.ATestKt', 'same'],
  ['a.scala', 'package com.acme\n\n// c\npackage ingest {\nobject A', 'com.acme.ingest.A$', 'same'],
  ['a.scala', 'package com.acme\nobject A { val text = """\npackage other\n""" }', 'com.acme.A$', 'same'],
  ['a.clj', '(ns ^:dev acme.in-gest\n  (:require x))', 'acme.in_gest$load', 'same'],
  ['a.clj', '(ns other)', 'acme.ingest$load', 'other'],
  ['A.cs', 'using System;\nnamespace Acme.Ingest;\nclass A {}', 'Acme.Ingest.A`1.<>c', 'same'],
  ['A.cs', 'namespace Other {\n}\nnamespace Acme {\n class A {}\n}', 'Acme.A', 'same'],
  ['A.cs', 'namespace Acme.Ingestion {\n}', 'Acme.Ingest.A', 'other'],
  ['Program.cs', 'Run();', 'Program', 'unknown'],
  ['A.fs', 'module Acme.Loader\n', 'Acme.Loader', 'same'],
  ['A.php', '<?php\nnamespace Acme\\Ingest;\nclass A {}', 'Acme\\Ingest\\A', 'same'],
  ['A.php', '<?php\nnamespace Other;\nclass A {}', 'Acme\\A', 'other'],
  ['A.php', '<?php\nclass A {}', 'A', 'same'],
  ['A.php', '<?php\nclass A {}', 'class@anonymous', 'unknown'],
  ['a.ex', 'defmodule Acme.Loader do\n  defmodule Row do', 'Acme.Loader.Row', 'same'],
  ['a.ex', 'defmodule Other do', 'Acme.Loader', 'other'],
  ['a.ex', 'defimpl Jason.Encoder, for: Acme.Row do', 'Jason.Encoder.Acme.Row', 'unknown'],
  ['a.erl', '%% c\n-module(loader).', 'loader', 'same'],
  ['a.erl', "-module( 'my module' ).", 'my module', 'same'],
  ['a.erl', '-module(other).', 'loader', 'other'],
  ['a.py', 'x = 1', undefined, 'unknown'],
  ['a.rb', 'class A', 'A', 'unknown'],
];

for (const [path, text, module, expected] of declared) {
  test(`${path} with ${JSON.stringify(text)} and ${module ?? 'no module'}: ${expected}`, () => {
    assert.equal(declarationIn(path, text, module), expected);
  });
}

const sources: Readonly<Record<string, string>> = {
  'worker/src/main/kotlin/load/Loader.kt': 'package com.acme.ingest.load\n\nfun load() {}\n',
  'api/src/main/kotlin/load/Loader.kt': 'package com.acme.api.load\n\nfun load() {}\n',
  'a/src/Loader.php': '<?php\nnamespace Acme\\A;\nclass Loader { function read() {} }\n',
  'b/src/Loader.php': '<?php\nnamespace Acme\\B;\nclass Loader { function read() {} }\n',
  'ingest/go.mod': 'module acme.com/ingest\n\ngo 1.22\n',
  'ingest/load/load.go': 'package load\n\nfunc Read() {}\n',
  'ingest/cmd/load/main.go': 'package main\n\nfunc main() {}\n',
  'report/go.mod': 'module acme.com/report\n',
  'report/load/load.go': 'package load\n\nfunc Read() {}\n',
  'report/cmd/load/main.go': 'package main\n\nfunc main() {}\n',
  'apps/one/lib/loader.ex': 'defmodule One.Loader do\n  def read, do: 1\nend\n',
  'apps/two/lib/loader.ex': 'defmodule Two.Loader do\n  def read, do: 1\nend\n',
  'One/Loader.cs': 'namespace Acme.One;\n\nclass Loader { void Read() {} }\n',
  'Two/Loader.cs': 'namespace Acme.Two;\n\nclass Loader { void Read() {} }\n',
};
const readSource: ReadSource = (path) => {
  const text = sources[path.slice('/repo/'.length)];
  return Promise.resolve(text === undefined ? { kind: 'missing' } : { kind: 'text', text });
};
const files = [new WorkspaceFiles('/repo', Object.keys(sources))];

const frames: readonly (readonly [Pick<Frame, 'file' | 'module' | 'function'>, path: string | undefined])[] = [
  [
    { file: 'Loader.kt', module: 'com.acme.ingest.load.LoaderKt', function: 'load' },
    'worker/src/main/kotlin/load/Loader.kt',
  ],
  [{ file: 'Loader.kt', module: 'com.acme.api.load.LoaderKt', function: 'load' }, 'api/src/main/kotlin/load/Loader.kt'],
  [{ file: 'Loader.kt', module: 'org.stranger.LoaderKt', function: 'load' }, undefined],
  [{ file: '/srv/www/src/Loader.php', module: 'Acme\\B\\Loader', function: 'read' }, 'b/src/Loader.php'],
  [{ file: '/build/load/load.go', module: 'acme.com/report/load', function: 'Read' }, 'report/load/load.go'],
  [{ file: 'acme.com/ingest/load/load.go', module: 'acme.com/ingest/load', function: 'Read' }, 'ingest/load/load.go'],
  [{ file: 'acme.com/report/cmd/load/main.go', module: 'main', function: 'main' }, 'report/cmd/load/main.go'],
  [{ file: 'lib/loader.ex', module: 'Two.Loader', function: 'read/0' }, 'apps/two/lib/loader.ex'],
  [{ file: String.raw`D:\a\1\s\src\Loader.cs`, module: 'Acme.One.Loader', function: 'Read' }, 'One/Loader.cs'],
];

for (const [frame, path] of frames) {
  test(`${frame.module} of ${frame.file} is ${path ?? 'none of the look-alikes'}`, async () => {
    const full: Frame = { raw: '', line1: 3, inApp: true, start: 0, end: 0, ...frame };
    const found = await resolveFrame(full, { files, readSource });
    if (path === undefined) assert.equal(found.kind, 'none', found.why);
    else assert.equal(found.kind === 'file' ? found.path : found.why, `/repo/${path}`);
  });
}

test('what one frame of a file shows holds for its other frames', async () => {
  const copies: Readonly<Record<string, string>> = {
    'a/Report.scala': 'package com.acme\n\nobject Report { def all = read() }\n',
    'b/Report.scala': 'package com.acme\n\nobject Report { def all = skip() }\n',
  };
  const [trace] = findTraces(
    'java.io.IOException: cut\n\tat com.acme.Report$.read(Report.scala:3)\n\tat com.acme.Report$.all(Report.scala:3)\n',
  );
  assert.ok(trace);
  const resolved = await resolveTrace(trace, {
    files: [new WorkspaceFiles('/repo', Object.keys(copies))],
    readSource: (path) => Promise.resolve({ kind: 'text', text: copies[path.slice('/repo/'.length)] ?? '' }),
  });
  assert.deepEqual(
    resolved.map(({ resolution }) => (resolution.kind === 'file' ? resolution.path : resolution.why)),
    ['/repo/a/Report.scala', '/repo/a/Report.scala'],
  );
});
