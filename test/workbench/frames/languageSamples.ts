/** Sources of six languages with a look-alike each, and traces that lead into them. */

export interface LanguageSample {
  readonly language: string;
  /** Path in the workspace. */
  readonly file: string;
  readonly text: string;
  /** Of the same name, with other things in it. */
  readonly lookAlike: { readonly file: string; readonly text: string };
  /** As the runtime prints it; `lineOf` says where a piece of `text` stands. */
  readonly stack: (lineOf: (piece: string) => number) => string;
  /** The row to click: its function. */
  readonly row: RegExp;
  /** What its line holds, and no other line of the file. */
  readonly piece: string;
}

export const languageSamples: readonly LanguageSample[] = [
  {
    language: 'Node',
    file: 'acme/web/src/checkout/total.ts',
    text: `import { priceOf } from './price.ts';

/** The price of all that is in a cart. */
export function total(cart: readonly string[]): number {
  let sum = 0;
  for (const line of cart) sum += priceOf(line);
  return sum;
}
`,
    lookAlike: {
      file: 'acme/admin/src/report/total.ts',
      text: 'export const total = 0;\nexport const share = 1;\n',
    },
    stack: (lineOf) => `TypeError: no price for socks
    at priceOf (/srv/app/src/checkout/price.ts:12:9)
    at total (/srv/app/src/checkout/total.ts:${lineOf('priceOf(line)')}:35)
    at process.processTicksAndRejections (node:internal/process/task_queues:104:5)`,
    row: /^total/,
    piece: 'priceOf(line)',
  },
  {
    language: 'Python',
    file: 'acme/loader/ingest/rows.py',
    text: `def convert(cell):
    return int(cell)


def read_rows(lines):
    for line in lines:
        yield [convert(cell) for cell in line.split(",")]
`,
    lookAlike: { file: 'acme/tools/ingest_v1/rows.py', text: 'ROWS = []\n\n\ndef count():\n    return len(ROWS)\n' },
    stack: (lineOf) => `Traceback (most recent call last):
  File "/opt/loader/ingest/rows.py", line ${lineOf('yield [')}, in read_rows
    yield [convert(cell) for cell in line.split(",")]
           ~~~~~~~^^^^^^
  File "/opt/loader/ingest/rows.py", line ${lineOf('return int')}, in convert
    return int(cell)
ValueError: invalid literal for int() with base 10: 'socks'`,
    row: /^read_rows/,
    piece: 'yield [',
  },
  {
    language: 'Java',
    file: 'acme/jobs/src/main/java/com/acme/jobs/Loader.java',
    text: `package com.acme.jobs;

final class Loader {
  void load(String key) {
    open(key);
  }

  private void open(String key) {
    throw new IllegalStateException("closed: " + key);
  }
}
`,
    lookAlike: {
      file: 'acme/jobs/src/main/java/com/acme/web/Loader.java',
      text: 'package com.acme.web;\n\nfinal class Loader {\n  void load() {\n    open();\n  }\n}\n',
    },
    stack: (lineOf) => `java.lang.IllegalStateException: closed: socks
\tat com.acme.jobs.Loader.open(Loader.java:${lineOf('throw new')})
\tat com.acme.jobs.Loader.load(Loader.java:${lineOf('    open(key)')})
\tat java.base/java.lang.Thread.run(Thread.java:1583)`,
    row: /Loader\.load/,
    piece: '    open(key)',
  },
  {
    language: 'Go',
    file: 'acme/shipper/internal/ship/batch.go',
    text: `package ship

func flush(batch []string) {
	panic("empty batch " + batch[0])
}

// Send ships what there is.
func Send(batch []string) {
	flush(batch)
}
`,
    lookAlike: { file: 'acme/reader/batch.go', text: 'package reader\n\nfunc Read() {}\n' },
    stack: (lineOf) => `panic: runtime error: index out of range [0] with length 0

goroutine 1 [running]:
acme.dev/shipper/internal/ship.flush(...)
\t/build/shipper/internal/ship/batch.go:${lineOf('panic(')}
acme.dev/shipper/internal/ship.Send({0x0, 0x0, 0x0})
\t/build/shipper/internal/ship/batch.go:${lineOf('\tflush(batch)')} +0x1d
main.main()
\t/usr/local/go/src/runtime/proc.go:283 +0x28`,
    row: /\bSend/,
    piece: '\tflush(batch)',
  },
  {
    language: 'Rust',
    file: 'acme/sealer/src/segment.rs',
    text: `pub fn write(rows: &[u64]) -> u64 {
    seal(rows)
}

fn seal(rows: &[u64]) -> u64 {
    rows[0]
}
`,
    lookAlike: { file: 'acme/reader/src/segment.rs', text: 'pub fn open() {}\n\npub fn close() {}\n' },
    stack: (lineOf) => `thread 'main' panicked at src/segment.rs:${lineOf('rows[0]')}:5:
index out of bounds: the len is 0 but the index is 0
stack backtrace:
   0: core::panicking::panic_fmt
             at /rustc/4d91de4e48198da2e33413efdcd9cd2cc0c46688/library/core/src/panicking.rs:75:14
   1: sealer::segment::seal
             at ./src/segment.rs:${lineOf('rows[0]')}:5
   2: sealer::segment::write
             at ./src/segment.rs:${lineOf('    seal(rows)')}:5
   3: std::rt::lang_start
             at /rustc/4d91de4e48198da2e33413efdcd9cd2cc0c46688/library/std/src/rt.rs:195:5`,
    row: /segment::write/,
    piece: '    seal(rows)',
  },
  {
    language: 'C++',
    file: 'acme/codec/src/frame.cpp',
    text: `#include "frame.h"

namespace codec {

int checksum(const char *bytes) { return bytes[4096]; }

int decode(const char *bytes) {
  return checksum(bytes) & 0xff;
}

}  // namespace codec
`,
    lookAlike: { file: 'acme/codec/bench/frame.cpp', text: '#include "frame.h"\n\nint main() { return 0; }\n' },
    stack: (lineOf) => `=================================================================
==4711==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000014 at pc 0x55d0c0de bp 0x7ffd sp 0x7ffc
READ of size 1 at 0x602000000014 thread T0
    #0 0x55d0c0dd in codec::checksum(char const*) /build/codec/src/frame.cpp:${lineOf('bytes[4096]')}:42
    #1 0x55d0c1aa in codec::decode(char const*) /build/codec/src/frame.cpp:${lineOf('return checksum')}:10
    #2 0x7f00d18f in __libc_start_main (/lib/x86_64-linux-gnu/libc.so.6+0x2724a)`,
    row: /codec::decode/,
    piece: 'return checksum',
  },
];
