/** The keys that records were seen to have, each at its place: records of one writer have the same ones in the same order. */

import { areSame, copyBytes, slack } from '../bytes';
import { hashOf } from './hash';
import { describeKey } from './host';
import { endOfPlain, quote } from './json';

/** Hostile logs have other keys in each line: those are left to the host. */
const maxKeys: u32 = 4096;
/** What is kept of keys must not grow with what a hostile log has for one. */
const maxPathBytes: u32 = 1024;
/** Of a path as the host spells it, with room to spare: keys go into it as they are. */
const pathRoom: u32 = 4 * maxPathBytes;

/** What stands under a key: a text or number of that column, the time, an object of such texts, or anything else. As the host numbers them. */
export const enum KeyKind {
  text,
  number,
  time,
  parts,
  rest,
  odd,
}

@unmanaged
export class KeyNode {
  kind: KeyKind;
  /** Which of the texts or numbers it is. */
  field: u32;
  /** By which the host knows it. */
  id: u32;
  parent: KeyNode | null;
  /** The key as JSON has it, its quotes included. */
  quoted: usize;
  quotedSize: u32;
  /** `path ␟`, as the field tokens of what stands there begin. */
  tokenStart: usize;
  tokenStartSize: u32;
  /** The object that had it last: it must not have it twice. */
  seenIn: u64;
  /** The key that came after this one the last time, in the same object. */
  likelyNext: KeyNode | null;
  /** The key that came first within this one's object the last time. */
  likelyFirst: KeyNode | null;
}

/** By hash of the key and of its parent. Twice as many as there may be keys. */
const slotCount: u32 = 2 * maxKeys;
const slots: usize = memory.data(2 * 4096 * 4, 16);
const path: usize = memory.data(4 * 1024 + 16, 16);

let keyCount: u32 = 0;

export const root: KeyNode = newNode();

function newNode(): KeyNode {
  const node = changetype<KeyNode>(heap.alloc(offsetof<KeyNode>()));
  memory.fill(changetype<usize>(node), 0, offsetof<KeyNode>());
  node.kind = KeyKind.parts;
  return node;
}

/** Whether it stands, quoted, at `start`. */
export function isKeyAt(node: KeyNode, start: usize): bool {
  return areSame(node.quoted, start, node.quotedSize);
}

/** The key that stands, quoted, at `start`; null where there is none, it has anything escaped, or is one too many. */
export function keyAt(start: usize, parent: KeyNode): KeyNode | null {
  if (load<u8>(start) != quote) return null;
  const end = endOfPlain(start + 1);
  if (load<u8>(end) != quote) return null;
  const size = <u32>(end + 1 - start);
  let slot = (hashOf(start, size) + parent.id * 0x9e3779b1) & (slotCount - 1);
  for (; ; slot = (slot + 1) & (slotCount - 1)) {
    const known = load<usize>(slots + slot * 4);
    if (known == 0) break;
    const node = changetype<KeyNode>(known);
    if (node.parent == parent && node.quotedSize == size && isKeyAt(node, start)) return node;
  }
  if (keyCount == maxKeys || parent.tokenStartSize + size > maxPathBytes) return null;
  const node = newChild(start, size, parent);
  store<usize>(slots + slot * 4, changetype<usize>(node));
  return node;
}

/** As it was in the beginning: keys of other logs take no room from those that come. */
export function forgetKeys(): void {
  for (let at: u32 = 0; at < slotCount; at++) {
    const known = load<usize>(slots + at * 4);
    if (known == 0) continue;
    const node = changetype<KeyNode>(known);
    heap.free(node.quoted);
    heap.free(node.tokenStart);
    heap.free(known);
  }
  memory.fill(slots, 0, slotCount * 4);
  root.likelyFirst = null;
  keyCount = 0;
}

function newChild(start: usize, size: u32, parent: KeyNode): KeyNode {
  const node = newNode();
  node.id = ++keyCount;
  node.parent = parent;
  node.quoted = copyOf(start, size);
  node.quotedSize = size;
  // Kind, field and size of the path: a byte, a byte, two bytes.
  const described = describeKey(parent.id, start + 1, size - 2, path, pathRoom);
  node.kind = <KeyKind>(described & 0xff);
  node.field = (described >> 8) & 0xff;
  node.tokenStartSize = described >> 16;
  node.tokenStart = copyOf(path, node.tokenStartSize);
  return node;
}

function copyOf(start: usize, size: u32): usize {
  const copy = heap.alloc(size + slack);
  copyBytes(copy, start, size);
  return copy;
}
