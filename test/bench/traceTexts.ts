/** Texts for measuring how fast traces are found: what services print, every form there is, and what is made to be slow. */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every text is repeated up to about this many characters. */
const targetLength = 2 << 20;
const upTo = (text: string): string => text.repeat(Math.ceil(targetLength / text.length));

const fixtures = join(import.meta.dirname, '../fixtures/traces');
const fixtureNames = readdirSync(fixtures)
  .filter((name) => name.endsWith('.txt') && !name.includes('almost'))
  .map((name) => name.slice(0, -'.txt'.length));
const fixture = (name: string): string => readFileSync(join(fixtures, `${name}.txt`), 'utf8');
const allFixtures = fixtureNames.map(fixture).join('\n');

/** `count` frames, one form after the other. `n` counts the frames, for formats that print it. */
const cycled = (count: number, ...forms: readonly ((n: number) => string)[]): string =>
  Array.from({ length: count }, (_, n) => `${forms[n % forms.length]?.(n) ?? ''}\n`).join('');

/** A trace as a service of each language prints it: behind a line of its log, of a length that is usual there. */
export const services: Readonly<Record<string, string>> = {
  JavaScript: upTo(`2026-11-23T10:00:00.000Z ERROR w-7 task t-1 failed
TypeError: Cannot read properties of undefined (reading 'rows')
${cycled(
  10,
  () => '    at loadBatch (/srv/ingest/src/worker/loadBatch.ts:41:17)',
  () => '    at async Worker.run (/srv/ingest/src/worker/worker.ts:88:5)',
  () => '    at process.processTicksAndRejections (node:internal/process/task_queues:105:5)',
  () => '    at Parser.parse (/srv/ingest/node_modules/csv-parse/lib/index.js:100:3)',
)}`),
  Firefox: upTo(`Error: request failed
${cycled(
  16,
  () => 'loadBatch@https://ingest.example.com/assets/app-3f9a2b1c.js:41:17',
  () => 'async*run@https://ingest.example.com/assets/app-3f9a2b1c.js:88:5',
  () => 'render/<@https://ingest.example.com/assets/vendor-77aa01ef.js:2:91830',
)}`),
  Python: upTo(`2026-11-23 10:00:00,123 ERROR loader batch 12 failed
Traceback (most recent call last):
${cycled(
  14,
  () =>
    '  File "/srv/ingest/acme/worker/loader.py", line 41, in read_rows\n    for row in self.parse(handle, batch.encoding):',
  () =>
    '  File "/usr/lib/python3.12/asyncio/base_events.py", line 691, in run_until_complete\n    return future.result()',
  () =>
    '  File "/srv/venv/lib/python3.12/site-packages/botocore/client.py", line 569, in _api_call\n    return self._make_api_call(operation_name, kwargs)\n           ~~~~~~~~~~~~~~~~~~~^^^^^^^^^^^^^^^^^^^^^^^^',
)}acme.errors.LoadError: batch 12 of 'orders.csv': unexpected end of file
`),
  JVM: upTo(`2026-11-23 10:00:00,123 ERROR [main] c.a.Loader - failed
com.acme.ingest.LoadException: batch 12
${cycled(
  60,
  () => '\tat com.acme.ingest.worker.Loader.readRow(Loader.java:41)',
  () => '\tat org.springframework.web.servlet.FrameworkServlet.service(FrameworkServlet.java:897)',
  () => '\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1136)',
  () => '\tat com.acme.ingest.api.TaskController$$EnhancerBySpringCGLIB$$1a2b.handle(TaskController.java:77)',
)}Caused by: java.io.IOException: cut
${cycled(
  20,
  () => '\tat com.acme.ingest.worker.Gzip.inflate(Gzip.java:9)',
  () => '\tat java.base/java.io.InputStream.readNBytes(InputStream.java:412)',
)}\t... 40 more
`),
  Go: upTo(`panic: runtime error: index out of range [3] with length 3

goroutine 19 [running]:
${cycled(
  12,
  () => 'main.(*Loader).readRow(0xc00012a000, {0xc0001b2000, 0x3, 0x4})\n\t/srv/ingest/worker/loader.go:41 +0x1d4',
  () =>
    'github.com/acme/ingest/worker.Run[...](0xc000010000)\n\t/home/ci/go/src/github.com/acme/ingest/worker/run.go:88 +0x2b',
  () =>
    'net/http.(*conn).serve(0xc0001c6000, {0x7a1b30, 0xc0000a2d20})\n\t/usr/local/go/src/net/http/server.go:2009 +0x5f4',
)}created by main.main in goroutine 1
\t/srv/ingest/main.go:17 +0x65
exit status 2
`),
  'C++, sanitizer': upTo(`==4711==ERROR: AddressSanitizer: heap-use-after-free on address 0x602000000010 at pc 0x55d0
READ of size 4 at 0x602000000010 thread T0
${cycled(
  16,
  (n) =>
    `    #${n} 0x55d0a1b2c3d4 in acme::Loader<acme::Row>::read(std::vector<int, std::allocator<int> > const&) /srv/ingest/loader.cc:41:17`,
  (n) => `    #${n} 0x55d0a1b2c3e0 in run(int) /srv/ingest/run.cc:12:3`,
  (n) => `    #${n} 0x7f2a1b2c3d4e in __libc_start_main (/lib/x86_64-linux-gnu/libc.so.6+0x29d90)`,
)}
`),
  'C++, gdb': upTo(`Thread 1 (Thread 0x7f2a1b2c3d40 (LWP 4711)):
${cycled(
  16,
  (n) =>
    `#${n}  0x000055d0a1b2c3d4 in acme::Loader::read (this=0x7ffd0a1b2c30, rows=std::vector of length 2 = {...}) at loader.cc:41`,
  (n) => `#${n}  acme::run (n=3, name="a (b)") at /srv/ingest/run.cc:12`,
  (n) => `#${n}  0x00007f2a1b2c3d4e in __libc_start_main () from /lib/x86_64-linux-gnu/libc.so.6`,
)}
`),
  Rust: upTo(`thread 'main' panicked at src/worker/loader.rs:41:17:
called \`Option::unwrap()\` on a \`None\` value
stack backtrace:
${cycled(
  14,
  (n) =>
    `${String(n).padStart(4)}: ingest::worker::loader::Loader::read_row\n             at ./src/worker/loader.rs:41:17`,
  (n) =>
    `${String(n).padStart(4)}: core::ops::function::FnOnce::call_once\n             at /rustc/9fc6b43126469e3858e2fe86cafb4f0fd5068869/library/core/src/ops/function.rs:250:5`,
  (n) =>
    `${String(n).padStart(4)}: <ingest::Batch<T> as ingest::Run>::run::{{closure}}\n             at ./src/run.rs:88:9`,
)}note: Some details are omitted, run with \`RUST_BACKTRACE=full\` for a verbose backtrace.
`),
  '.NET': upTo(`fail: Acme.Ingest.Worker[0]
      batch 12 failed
Acme.Ingest.LoadException: batch 12 ---> System.IO.IOException: cut
${cycled(
  16,
  () => '   at Acme.Ingest.Worker.Loader.<ReadAsync>d__5.MoveNext() in /srv/ingest/Worker/Loader.cs:line 41',
  () => '   at System.Runtime.CompilerServices.TaskAwaiter.ThrowForNonSuccess(Task task)',
  () =>
    '   at Acme.Ingest.Worker.Queue`1.Take(Int32 count, CancellationToken cancel) in C:\\build\\Worker\\Queue.cs:line 77',
  () => '   at Acme.Ingest.Program.<>c.<Main>b__0_1(String[] args) in /_/src/Ingest/Program.cs:line 12',
)}   --- End of inner exception stack trace ---
${cycled(4, () => '   at Acme.Ingest.Worker.Run(Batch batch) in /srv/ingest/Worker/Worker.cs:line 88')}`),
  Ruby: upTo(`E, [2026-11-23T10:00:00.000123 #4711] ERROR -- : batch 12 failed
/srv/ingest/lib/acme/loader.rb:41:in 'Acme::Loader#read_row': unexpected end of file (Acme::LoadError)
${cycled(
  20,
  () => "\tfrom /srv/ingest/lib/acme/loader.rb:22:in 'block (2 levels) in Acme::Loader#read'",
  () => "\tfrom /usr/lib/ruby/3.4.0/csv/parser.rb:1005:in 'CSV::Parser#parse_quotable_robust'",
  () =>
    "\tfrom /var/lib/gems/3.4.0/gems/sidekiq-7.3.2/lib/sidekiq/processor.rb:220:in 'Sidekiq::Processor#execute_job'",
)}`),
  PHP: upTo(`PHP Fatal error:  Uncaught Acme\\LoadError: batch 12: unexpected end of file in /srv/ingest/src/Loader.php:41
Stack trace:
${cycled(
  20,
  (n) =>
    `#${n} /srv/ingest/src/Worker.php(88): Acme\\Ingest\\Loader->readRow(Object(Acme\\Ingest\\Batch), 'orders.csv')`,
  (n) =>
    `#${n} /srv/ingest/vendor/symfony/console/Command/Command.php(326): Acme\\Ingest\\RunCommand->execute(Object(Input))`,
  (n) => `#${n} [internal function]: Acme\\Ingest\\Worker->Acme\\Ingest\\{closure}('orders.csv')`,
)}#20 {main}
  thrown in /srv/ingest/src/Loader.php on line 41
`),
  Elixir: upTo(`10:00:00.123 [error] Task #PID<0.211.0> started from Acme.Worker terminating
** (ArgumentError) batch 12: unexpected end of file
${cycled(
  14,
  () => '    (ingest 1.4.0) lib/acme/ingest/loader.ex:41: Acme.Ingest.Loader.read_row/2',
  () => '    (elixir 1.17.2) lib/enum.ex:1700: Enum."-map/2-lists^map/1-1-"/2',
  () => '    (ingest 1.4.0) lib/acme/ingest/worker.ex:88: anonymous fn/2 in Acme.Ingest.Worker.run/1',
  () => '    (stdlib 6.0.1) proc_lib.erl:241: :proc_lib.init_p_do_apply/3',
)}Function: #Function<1.1234567/0 in Acme.Worker.run/1>
`),
  Erlang: upTo(`=ERROR REPORT==== 23-Nov-2026::10:00:00.123456 ===
Error in process <0.211.0> with exit value:
{{badmatch,{error,eof}},
 [${Array.from({ length: 14 }, (_, n) =>
   n % 3 === 2
     ? '{proc_lib,init_p_do_apply,3,[{file,"proc_lib.erl"},{line,241}]}'
     : `{acme_loader,read_row,${n},[{file,"src/acme_loader.erl"},{line,41}]}`,
 ).join(',\n  ')}]}

`),
};

/** Each fixture: short traces of all forms, which share little work. */
export const forms: Readonly<Record<string, string>> = {
  ...Object.fromEntries(fixtureNames.map((name) => [name, upTo(fixture(name))])),
  'all of them': upTo(allFixtures),
};

export const logs: Readonly<Record<string, string>> = {
  'plain, without traces': upTo('2026-11-23T10:00:00.000Z INFO w-7 looked at 12 objects of acme/orders in 31 ms\n'),
  'JSON, without traces': upTo(
    `${JSON.stringify({ ts: 1763892000000, level: 'info', task: 't-1', message: 'looked at C:\\new\\orders', ms: 31 })}\n`,
  ),
  'JSON with stacks of services': upTo(
    Object.values(services)
      .map((text) => `${JSON.stringify({ ts: 1763892000000, level: 'error', stack: text.slice(0, 1500) })}\n`)
      .join(''),
  ),
  'JSON with all fixtures in one string': upTo(`${JSON.stringify({ level: 'error', stack: allFixtures })}\n`),
  'prefixed, interleaved writers': upTo(
    (services['JVM'] ?? '')
      .slice(0, 6000)
      .split('\n')
      .map((line, n) => `worker-${n % 3}  | ${line}\n`)
      .join(''),
  ),
};

export const hostile: Readonly<Record<string, string>> = {
  'almost-frames in lines of 4,000': upTo(`${'    at f (/a/b.ts:1:'.repeat(200)}\n`),
  'almost-frames': upTo('    at f (/a/b.ts:1:x)\n    at a.b(c)\n  File "x", line y\n'),
  'almost-places of all languages': upTo('a.go: a.rs: a.cs: a.php: a.ex: a.rb:in #1 @ [0x at a.b( \n'),
  'almost-places in lines of 4,000': upTo(`${'a.go: a.rs: a.cs: a.php: a.ex: a.rb:in #1 @ [0x at a.b( '.repeat(70)}\n`),
  'calls that never close': upTo(`   at ${'Acme.'.repeat(100)}(\n`),
  'escapes in one line': `{"stack":"${upTo(String.raw`Error: x\n    at f (/a.ts:1:2)\n`)}"}`,
  backslashes: upTo(String.raw`\\\n\t`),
  'a JSON line each, nested three deep': upTo(
    `${JSON.stringify({ a: JSON.stringify({ b: JSON.stringify({ c: 'Error: x\n    at f (/a.ts:1:2)\n' }) }) })}\n`,
  ),
  colours: upTo('\u001b[31m    \u001b[0mat \u001b[1mf\u001b[0m (/a.ts:1:2)\u001b[39m\n'),
  'causes within causes': upTo('Error: a\n    at f (/a.ts:1:2) {\n  [cause]: Error: b\n      at f (/a.ts:1:2) {\n'),
  'causes of the JVM': upTo('Caused by: a.B: x\n\tat a.B.c(B.java:1)\n'),
  'a frame after 63 lines': upTo(`${'x y z\n'.repeat(63)}    at f (/a.ts:1:2)\n`),
  'groups within groups': upTo(
    Array.from({ length: 30 }, (_, n) => {
      const deep = ' '.repeat(n);
      return `${deep}+-+---- 1 ----------------\n${deep}  | Traceback (most recent call last):\n${deep}  |   File "a.py", line 1, in f\n${deep}  | E: x\n`;
    }).join(''),
  ),
  'tracebacks without frames': upTo('Traceback (most recent call last):\n'),
  'goroutines without frames': upTo('goroutine 1 [running]:\n'),
  'numbered lines': upTo('#1 0x55d0a1b2c3d4 in f (\n'),
  'panics without backtraces': upTo("thread 'main' panicked at src/main.rs:3:5:\nx\n"),
  'causes of Ruby': upTo("a.rb:3:in 'b': x (E)\n\tfrom a.rb:3:in 'c'\n"),
  'PHP that goes on': upTo('#0 /a.php(1): f()\n#1 {main}\n\nNext E: x in /a.php:1\nStack trace:\n'),
  'Elixir, a frame a line': upTo('    (app 1.0) lib/a.ex:3: A.b/1\n\n'),
  'terms of Erlang that never close': upTo('{a,b,[{file,"a.erl"\n'),
  'terms of Erlang without a line': upTo('{a,read,1,[{file,"a.erl"}]}\n'),
  'numbers and nothing else': upTo('#0 \n0# \n'),
  'blank lines': `${upTo('\n')}    at f (/a.ts:1:2)`,
  'colours at every character': upTo(
    `${Array.from('    at f (/a.ts:1:2)', (character) => `\u001b[31m${character}`).join('')}\n`,
  ),
  'colours and nothing else': upTo('\u001b[0m\n'),
  'links that never close': upTo('\u001b]8;;x\n'),
  'frames between carriage returns only': upTo('Error: x\r    at f (/a.ts:1:2)\r'),
  'braces around places of Erlang': upTo(`[{file,"a.erl"},{line,1}],${'{'.repeat(200)}\n`),
  'calls of Erlang that never close': upTo(`${'{a,b,1,['.repeat(25)}{file,"a.erl"\n`),
  'groups within groups, 1,000 deep': upTo(
    Array.from({ length: 1000 }, (_, n) => {
      const deep = '  '.repeat(n);
      return `${deep}| ExceptionGroup: x (1 sub-exception)\n${deep}+-+---------------- 1 ----------------\n`;
    }).join(''),
  ),
  'suppressed within suppressed': upTo(
    `a.B: x\n\tat a.B.c(B.java:1)\n${Array.from({ length: 1000 }, (_, n) => {
      const deep = '\t'.repeat(n % 60);
      return `${deep}\tSuppressed: a.B: x\n${deep}\t\tat a.B.c(B.java:1)\n`;
    }).join('')}`,
  ),
  'headers of all languages': upTo(
    "Error: x\njava.lang.Foo: x\npanic: x\nTraceback (most recent call last):\nthread 'main' panicked at src/a.rs:1:2:\nUnhandled exception. A.B: x\nPHP Fatal error:  Uncaught E: x in /a.php:1\n** (A) x\n==1==ERROR: AddressSanitizer: x\n",
  ),
  'frames of two languages in turn': upTo('    at f (/a.ts:1:2)\n\tat a.b.C.d(C.java:1)\n'),
  'reports of pytest': upTo('a.py:1: in f\n    x\nE   X\n\n'),
  'almost-reports of pytest': upTo('a.py:1: X\na.py:2: \na.py:3: in f\n'),
  'frames of Vitest': upTo('X: y\n ❯ a.ts:1:2\n\n'),
  'arrays of a frame': upTo('{"stack":[{"file":"a.go","line":1}]}\n'),
  'arrays of no frame': upTo('{"stack":[{"stack":[{"line":1,"x":[]\n'),
  'arrays of a line': upTo('{"stack":["X: y","    at /a.ts:1:2"]}\n'),
  'places of PHPUnit': upTo('1) A::b\nx\n\n/a.php:1\n\n'),
  'threads of a dump': upTo('#1 "a"\n      a.b.c(D.java:1)\n\n'),
  'the shortest traces': upTo(
    'at /a:1:2\nx\nat a.b(c.d:1)\nx\n   at A.B()\n\na.b()\n\ta.go:1\n\n#0 a.php(1): f()\n\n 0# f at a.cc:1\n',
  ),
};
