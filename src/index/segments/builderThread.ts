/** Builds segments in a thread of its own: see `threadBuilder.ts`. */

import { parentPort } from 'node:worker_threads';
import type { FromBuilder, ToBuilder } from './builderMessages.ts';
import { SegmentBuilder } from './segmentBuilder.ts';
import { SegmentDraft } from './segmentDraft.ts';

const port = parentPort;
if (!port) throw new Error('this module is for a thread');

/** Of one builder after the other. */
const draft = new SegmentDraft();
let builder: SegmentBuilder | undefined;
let working = Promise.resolve();

port.on('message', (message: ToBuilder) => {
  working = workAfter(working, message);
});

/** One after the other: a message may come while the last one is still at work. */
async function workAfter(before: Promise<void>, message: ToBuilder): Promise<void> {
  await before;
  let answer: FromBuilder | undefined;
  try {
    answer = await work(message);
  } catch (error) {
    answer = { kind: 'failed', error };
  }
  if (answer) port?.postMessage(answer);
}

async function work(message: ToBuilder): Promise<FromBuilder | undefined> {
  if (message.kind === 'open') {
    draft.reserve(message.options.records);
    builder = new SegmentBuilder(message.options, draft);
    return undefined;
  }
  if (!builder) throw new RangeError('no builder was opened');
  switch (message.kind) {
    case 'read':
      return { kind: 'ended', read: await builder.read(message.key, message.version, message.stored) };
    case 'begin':
      builder.begin(message.key, message.version);
      return undefined;
    case 'push':
      await builder.push(message.chunk);
      return { kind: 'pushed' };
    case 'end':
      return { kind: 'ended', read: await builder.end(message.problem) };
    case 'finish':
      return { kind: 'finished', segments: await builder.finish() };
  }
}
