/** Reads one frame of the JVM: `at java.base/java.lang.Thread.run(Thread.java:833) ~[?:?]`. */

import { isDigit, isWordPart, lastOf, numberIn } from './characters.ts';
import { indentedAt, looksLikePrefix } from './linePrefix.ts';
import { readableJvmName } from './jvmName.ts';
import type { FoundFrame } from './newFrame.ts';

/** @returns `undefined` when the line holds no frame of the JVM */
export function jvmFrameOn(text: string): FoundFrame | undefined {
  if (text.length < shortest.length) return undefined;
  const first = indentedAt(text);
  const usual = first === -1 ? undefined : frameAt(text, first);
  if (usual) return usual;
  for (let at = text.indexOf('at ', first + 1); at !== -1; at = text.indexOf('at ', at + 1)) {
    const frame = isStart(text, at) ? frameAt(text, at) : undefined;
    if (frame) return frame;
  }
  return undefined;
}

const shortest = 'at a.(b:1)';

function isStart(text: string, at: number): boolean {
  if (at === 0) return true;
  const before = text.charCodeAt(at - 1);
  return (before === 32 || before === 9) && looksLikePrefix(text, at);
}

function frameAt(text: string, start: number): FoundFrame | undefined {
  return callAt(text, start, start + 3);
}

/** A call that no word stands before: `java.base/java.lang.Thread.run(Thread.java:833)`. */
export function jvmCallAt(text: string, start: number): FoundFrame | undefined {
  return callAt(text, start, start);
}

function callAt(text: string, start: number, from: number): FoundFrame | undefined {
  const open = text.indexOf('(', from);
  // Kotlin's test names have spaces, V8's frames one before the parenthesis.
  if (open === -1 || open - from > maxNameLength || text.charCodeAt(open - 1) === 32) return undefined;
  const close = text.indexOf(')', open);
  // Nothing between them: a call of .NET.
  if (close <= open + 1) return undefined;
  const colon = colonOf(text, open + 1, close);
  const placeStart = afterModule(text, open + 1, close);
  const placeEnd = colon === -1 ? close : colon;
  const isFile = isFileName(text, placeStart, placeEnd);
  // Obfuscated classes have a name without an ending.
  if (!isFile && !(colon !== -1 && isName(text, placeStart, colon)) && !isUnplaced(text, placeStart, close))
    return undefined;
  const name = qualifiedName(text, from, open);
  const dot = lastOf(name, 46, 0, name.length);
  if (dot <= 0) return undefined;
  const module = name.slice(0, dot);
  if (hasSpace(module)) return undefined;
  const file = isFile ? text.slice(placeStart, placeEnd) : undefined;
  const line1 = colon === -1 ? undefined : numberIn(text, colon + 1, close);
  const own = name.slice(dot + 1);
  return {
    start,
    end: close + 1,
    function: own,
    module,
    file,
    line1,
    column1: undefined,
    readable: readableJvmName(module, own),
    inApp: file !== undefined && line1 !== undefined && isJvmInApp(module),
  };
}

/** Thread dumps have the module in the parentheses: `park(java.base@17.0.2/LockSupport.java:341)`. */
function afterModule(text: string, from: number, to: number): number {
  const slash = text.indexOf('/', from);
  return slash === -1 || slash >= to ? from : text.lastIndexOf('/', to) + 1;
}

/** `loader/module@version/`, each part optional: what follows the last slash is the class. Hidden classes have one more. */
function qualifiedName(text: string, from: number, open: number): string {
  const name = text.slice(from, open);
  if (!name.includes('/')) return name;
  const hidden = /\/0x[0-9a-f]+(?=\.)/.exec(name);
  const seen = hidden ? name.replace(hidden[0], '') : name;
  return seen.slice(seen.lastIndexOf('/') + 1);
}

/** The colon before a line number that ends at `close`; -1 when there is none. */
function colonOf(text: string, from: number, close: number): number {
  let colon = close - 1;
  while (colon > from && isDigit(text.charCodeAt(colon))) colon--;
  return text.charCodeAt(colon) === 58 && colon > from && close > colon + 1 && close - colon <= 10 ? colon : -1;
}

/** `Loader.java`, without spaces and with an ending of one to eight characters. */
function isFileName(text: string, from: number, to: number): boolean {
  const dot = lastOf(text, 46, Math.max(from + 1, to - 9), to);
  if (dot === -1 || to - dot < 2) return false;
  for (let at = from; at < to; at++) {
    const unit = text.charCodeAt(at);
    if (unit <= 32 || unit === 40 || unit === 58 || (at > dot && !isWordPart(unit))) return false;
  }
  return true;
}

function isName(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const unit = text.charCodeAt(at);
    if (!isWordPart(unit) && unit !== 46 && unit !== 36 && unit !== 45) return false;
  }
  return to > from;
}

function isUnplaced(text: string, from: number, to: number): boolean {
  const unit = text.charCodeAt(from);
  if (unit !== 78 && unit !== 85 && unit !== 60) return false;
  return /^(?:Native Method|Unknown Source(?::\d{1,9})?|<generated>)$/.test(text.slice(from, to));
}

function hasSpace(text: string): boolean {
  return text.includes(' ') || text.includes('\t');
}

const maxNameLength = 1000;

/** Packages of the platform, its languages, and what most services are built on. */
const foreign =
  /^(?:javax?|jdk|sun|com\.sun|jakarta|kotlinx?|scala|groovy|clojure|akka|org\.(?:apache|springframework|junit|testng|mockito|hibernate|slf4j|jboss|eclipse|gradle|codehaus|xml|w3c|ietf|reactivestreams|postgresql|h2|quartz|jetbrains|opentest4j|glassfish|aspectj)|com\.(?:google\.(?:common|inject|protobuf|gson)|fasterxml|zaxxer|mysql|amazonaws|intellij|mongodb|rabbitmq|datastax)|software\.amazon|ch\.qos\.logback|io\.(?:netty|grpc|reactivex|micrometer|opentelemetry|vertx|quarkus|undertow|ktor|lettuce)|reactor|okhttp3|okio|rx|androidx?|dalvik|libcore|com\.android|net\.bytebuddy|feign|_COROUTINE)\./;

export function isJvmInApp(module: string): boolean {
  return !foreign.test(module);
}
