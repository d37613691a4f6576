/** Reads one frame of .NET: `at Acme.Loader.Read(Int32 n) in C:\src\Loader.cs:line 12`, its words in any language. */

import { looksLikePrefix } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';

export interface DotnetFrame extends FoundFrame {
  /** The system's word for `at`. */
  readonly word: string;
}

/**
 * The word, the qualified name, the arguments; Mono has a blank before them. Each part is one class, so that the work is
 * linear.
 */
const call = /(\S{1,12}) ([\w`$@.+<>|\][,&*\p{L}-]+) ?\(([^()]{0,2000}(?:\([^()]{0,200}\)[^()]{0,200}){0,4})\)/uy;
/** ` in C:\src\Loader.cs:line 12`: one word, the file, a colon, perhaps a word, the line. Mono: ` [0x00012] in a.cs:12 `. */
const place =
  /(?: \[0x[0-9a-f]+\])? \S{1,6} (?:([^:*?"<>|]?:?[^:*?"<>|]{1,1000}):(?:[^\s\d:]{1,12} ?)?(\d{1,9})|(<[0-9a-f#]+>):0)/iy;

/** @param known the word that the trace's first frame started with: its others need no file to be told */
export function dotnetFrameOn(text: string, known?: string): DotnetFrame | undefined {
  const start = startOfFrame(text, known);
  if (start === -1) return undefined;
  call.lastIndex = start;
  const match = call.exec(text);
  if (!match) return undefined;
  const [, word = '', name = '', parameters = ''] = match;
  // What JavaScript has in its parentheses is a place.
  if (/[/:]/.test(parameters)) return undefined;
  const dot = name.endsWith('..ctor') || name.endsWith('..cctor') ? name.lastIndexOf('..') : lastDot(name);
  if (dot <= 0) return undefined;
  let end = call.lastIndex;
  place.lastIndex = end;
  const placed = place.exec(text);
  if (placed) end = place.lastIndex;
  const rest = text.slice(end).trim();
  if (rest !== '' && rest !== '.' && rest !== '<---' && !/^["',}\]\\]/.test(rest)) return undefined;
  const isKnown = word === 'at' || word === known;
  if (!isKnown && placed?.[1] === undefined) return undefined;
  const module = name.slice(0, dot);
  const own = name.slice(dot + 1);
  const file = placed?.[1];
  const line = placed?.[2];
  return {
    start,
    end,
    word,
    module,
    function: own,
    file,
    line1: line === undefined || line === '0' ? undefined : Number(line),
    column1: undefined,
    readable: readableDotnetName(module, own),
    inApp: file !== undefined && !foreignModule.test(module) && !foreignFile.test(file),
  };
}

/** Where the word stands: `at ` as in other languages, any other word before a source file of .NET. */
function startOfFrame(text: string, known: string | undefined): number {
  const word = known ?? 'at';
  for (let at = text.indexOf(`${word} `); at !== -1; at = text.indexOf(`${word} `, at + 1)) {
    // The JVM writes a tab, .NET never does.
    if (text.charCodeAt(at - 1) !== 9 && looksLikePrefix(text, at)) return at;
  }
  if (known !== undefined || !/\.(?:cs|vb|fs):/.test(text)) return -1;
  const open = text.indexOf('(');
  const nameStart = text.lastIndexOf(' ', open === -1 ? 0 : text.charCodeAt(open - 1) === 32 ? open - 2 : open);
  const start = nameStart <= 0 ? -1 : text.lastIndexOf(' ', nameStart - 1) + 1;
  return start > 0 && looksLikePrefix(text, start) ? start : start === 0 ? 0 : -1;
}

/** The dot before the method: not one within a generated name's angle brackets or a type's brackets. */
function lastDot(name: string): number {
  let depth = 0;
  for (let at = name.length - 1; at > 0; at--) {
    const unit = name.charCodeAt(at);
    if (unit === 62 || unit === 93) depth++;
    else if (unit === 60 || unit === 91) depth--;
    else if (unit === 46 && depth === 0) return at;
  }
  return -1;
}

/**
 * The method that the compiler's own stand for: `Loader.<ReadAsync>d__5.MoveNext` is `ReadAsync`, `<Main>g__Parse|0_1`
 * is `Main.Parse`, `<>c.<Main>b__0_1` is `Main (lambda)`.
 */
function readableDotnetName(module: string, name: string): string | undefined {
  if (name === '.ctor') return `new ${simpleType(module)}`;
  if (name === '.cctor') return `static ${simpleType(module)}`;
  const local = /^<(\w+)>g__(\w+)\|/.exec(name);
  if (local) return `${local[1]}.${local[2]}`;
  const lambda = /^<(\w+)>b__/.exec(name);
  if (lambda) return `${lambda[1]} (lambda)`;
  if (name !== 'MoveNext') return name.includes('[') ? name.slice(0, name.indexOf('[')) : undefined;
  const inner = /<+(?:<(\w+)>[bg]__[^>]*|(\w+))>d(?:__\d+)?(?:`\d+)?(?:\[.*)?$/.exec(module);
  return inner?.[1] ?? inner?.[2];
}

function simpleType(module: string): string {
  return module
    .slice(module.lastIndexOf('.') + 1)
    .replace(/`\d+.*$/, '')
    .replaceAll('+', '.');
}

const foreignModule =
  /^(?:System|Microsoft|Windows|MS|Mono|Newtonsoft|NUnit|Xunit|Npgsql|Dapper|Polly|Grpc|Amazon|Azure|Serilog|MediatR)[.`]/;
/** What .NET's own build calls its folders. */
const foreignFile = /^\/_\/(?:src\/(?:libraries|coreclr|Shared)|artifacts)\/|[/\\]\.nuget[/\\]/;
