/** Reads one frame of .NET: `at Acme.Loader.Read(Int32 n) in C:\src\Loader.cs:line 12`, its words in any language. */

import { digitsEnd, numberIn, tableOf, wordCharacters } from './characters.ts';
import type { TextLine } from '../textLines.ts';
import { readableDotnetName } from './dotnetName.ts';
import { indentedAt, looksLikePrefix } from './linePrefix.ts';
import type { FoundFrame } from './newFrame.ts';

export interface DotnetFrame extends FoundFrame {
  /** The system's word for `at`. */
  readonly word: string;
}

/** ` in C:\src\Loader.cs:line 12`: one word, the file, a colon, perhaps a word, the line. Mono: ` [0x00012] in a.cs:12 `. */
const place =
  /(?: \[0x[0-9a-f]+\])? \S{1,6} (?:([^:*?"<>|]?:?[^:*?"<>|]{1,1000}):(?:[^\s\d:]{1,12} ?)?(\d{1,9})|(<(?:[0-9a-f#]+|filename unknown)>):0)/iy;

/** @param known the word that the trace's first frame started with: its others need no file to be told */
export function dotnetFrameOn(line: TextLine, known?: string): DotnetFrame | undefined {
  const { text, chars, from } = line;
  if (text.length < shortest.length) return undefined;
  const start = startOfFrame(text, known);
  if (start === -1) return undefined;
  const wordEnd = text.indexOf(' ', start);
  if (wordEnd <= start || wordEnd - start > maxWord || hasTab(text, start, wordEnd)) return undefined;
  const to = from + text.length;
  const nameStart = from + wordEnd + 1;
  const nameEnd = endOfName(chars, nameStart, to);
  const open = chars.charCodeAt(nameEnd) === 32 ? nameEnd + 1 : nameEnd;
  if (nameEnd === nameStart || open >= to || chars.charCodeAt(open) !== 40) return undefined;
  let end = endOfParameters(chars, open, to) - from;
  if (end < 0) return undefined;
  const dot = dotBeforeMethod(chars, nameStart, nameEnd);
  // Methods that are made at run time have no class.
  const isMade = dot === -1 && known !== undefined && chars.startsWith('lambda_method', nameStart);
  if (dot <= nameStart && !isMade) return undefined;
  const placed = end < text.length && text.charCodeAt(end) === 32 ? placeAt(line, end) : undefined;
  if (placed) end = placed.end;
  if (end < text.length) {
    const rest = text.slice(end).trim();
    if (rest !== '' && rest !== '.' && rest !== '<---' && !/^["',}\]\\]/.test(rest)) return undefined;
  }
  const word = text.slice(start, wordEnd);
  const isKnown = word === 'at' || word === known;
  if (!isKnown && placed?.file === undefined) return undefined;
  const module = isMade ? undefined : chars.slice(nameStart, dot);
  const own = chars.slice(isMade ? nameStart : dot + 1, nameEnd);
  const file = placed?.file;
  return {
    start,
    end,
    function: own,
    module,
    file,
    line1: placed?.line1,
    column1: undefined,
    readable: module === undefined ? undefined : readableDotnetName(module, own),
    inApp: file !== undefined && !foreignModule.test(module ?? '') && !foreignFile.test(file),
    word,
  };
}

const shortest = 'w a.()';

interface Place {
  readonly end: number;
  readonly file: string | undefined;
  readonly line1: number | undefined;
}

function placeAt(line: TextLine, from: number): Place | undefined {
  const usual = usualPlaceAt(line, from);
  if (usual) return usual;
  place.lastIndex = from;
  const [, file, printed] = place.exec(line.text) ?? [];
  if (place.lastIndex === 0) return undefined;
  return { end: place.lastIndex, file, line1: printed === undefined || printed === '0' ? undefined : Number(printed) };
}

/** ` in C:\\src\\Loader.cs:line 12`, as most frames have it. */
function usualPlaceAt({ text, chars, from: offset }: TextLine, from: number): Place | undefined {
  if (!text.startsWith(' in ', from)) return undefined;
  const start = from + 4;
  const colon = text.indexOf(':', text.charCodeAt(start + 1) === 58 ? start + 2 : start + 1);
  if (!text.startsWith('line ', colon + 1) || colon - start > maxFile) return undefined;
  for (let at = offset + start; at < offset + colon; at++) {
    const unit = chars.charCodeAt(at);
    if (unit < 128 && noFileParts[unit] === 1) return undefined;
  }
  const end = digitsEnd(text, colon + 6);
  const line1 = numberIn(text, colon + 6, end);
  return line1 > 0 ? { end, file: text.slice(start, colon), line1 } : undefined;
}

const noFileParts = tableOf('*?"<>|');
const maxFile = 1000;
const maxWord = 12;

/** Other blanks than spaces: nothing that stands there is one word then. */
function hasTab(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 32 || (unit > 127 && /\s/.test(text[at] ?? ''))) return true;
  }
  return false;
}

/** 1 for what names are made of, those that compilers generate too; letters of other alphabets come on top. */
const nameParts = tableOf(`${wordCharacters}\`$@.+<>|][,&*-`);
const letter = /\p{L}/uy;

function endOfName(text: string, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 128 && nameParts[unit] === 1) continue;
    letter.lastIndex = at;
    if (!(unit > 127) || !letter.test(text)) return at;
    at = letter.lastIndex - 1;
  }
  return to;
}

/**
 * The index after the parenthesis that closes the arguments; those of JavaScript hold a place: -1. There may be
 * parentheses in them, not in these again.
 */
function endOfParameters(text: string, open: number, to: number): number {
  let depth = 1;
  let pairs = 0;
  let last = open;
  for (let at = open + 1; at < to; at++) {
    const unit = text.charCodeAt(at);
    if (unit > 127 || parameterMarks[unit] === 0) continue;
    if (unit === 47 || unit === 58) return -1;
    if (at - last > (pairs === 0 && depth === 1 ? 2001 : 201)) return -1;
    last = at;
    if (unit === 41) {
      if (--depth === 0) return at + 1;
    } else if (++depth > 2 || ++pairs > 4) return -1;
  }
  return -1;
}

const parameterMarks = tableOf('()/:');

/** Where the word stands: `at ` as in other languages, any other word before a source file of .NET. */
function startOfFrame(text: string, known: string | undefined): number {
  const isAt = known === undefined || known === 'at';
  const first = isAt ? indentedAt(text) : -1;
  // The JVM writes a tab, .NET never does.
  if (first === 0 || (first > 0 && text.charCodeAt(first - 1) !== 9)) return first;
  const word = isAt ? 'at ' : `${known} `;
  for (let at = text.indexOf(word); at !== -1; at = text.indexOf(word, at + 1)) {
    if (at === 0 || (text.charCodeAt(at - 1) !== 9 && looksLikePrefix(text, at))) return at;
  }
  if (known !== undefined || !/\.(?:cs|vb|fs):/.test(text)) return -1;
  const open = text.indexOf('(');
  const nameStart = text.lastIndexOf(' ', open === -1 ? 0 : text.charCodeAt(open - 1) === 32 ? open - 2 : open);
  const start = nameStart <= 0 ? -1 : text.lastIndexOf(' ', nameStart - 1) + 1;
  return start > 0 && looksLikePrefix(text, start) ? start : start === 0 ? 0 : -1;
}

/** The dot before the method: not one within a generated name's angle brackets or a type's brackets; -1 for none. */
function dotBeforeMethod(text: string, from: number, to: number): number {
  // `Acme.Loader..ctor`
  if (text.endsWith('ctor', to)) {
    if (text.endsWith('..ctor', to)) return to - '.ctor'.length - 1;
    if (text.endsWith('..cctor', to)) return to - '.cctor'.length - 1;
  }
  let depth = 0;
  for (let at = to - 1; at > from; at--) {
    const unit = text.charCodeAt(at);
    if (unit === 62 || unit === 93) depth++;
    else if (unit === 60 || unit === 91) depth--;
    else if (unit === 46 && depth === 0) return at;
  }
  return -1;
}

const foreignModule =
  /^(?:System|Microsoft|Windows|MS|Mono|Newtonsoft|NUnit|Xunit|Npgsql|Dapper|Polly|Grpc|Amazon|Azure|Serilog|MediatR)[.`]/;
/** What .NET's own build calls its folders. */
const foreignFile = /^\/_\/(?:src\/(?:libraries|coreclr|Shared)|artifacts)\/|[/\\]\.nuget[/\\]/;
