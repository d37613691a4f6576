/** Memory that grows with what is asked of it and is used again and again; what was in it is gone when it grows. */

import { slack } from './bytes';

@unmanaged
export class Room {
  start: usize;
  size: usize;
}

export function newRoom(): Room {
  const room = changetype<Room>(heap.alloc(offsetof<Room>()));
  room.start = 0;
  room.size = 0;
  return room;
}

/** @returns where so many bytes are. */
export function roomFor(room: Room, size: usize): usize {
  if (size > room.size) {
    freeRoom(room);
    // Where that much is refused, there is none.
    room.start = heap.alloc(size + slack);
    room.size = size;
  }
  return room.start;
}

export function freeRoom(room: Room): void {
  if (room.start != 0) heap.free(room.start);
  room.start = 0;
  room.size = 0;
}

/** As `roomFor`, for what is 0 in between: new bytes are, too. */
export function clearRoomFor(room: Room, size: usize): usize {
  const isNew = size > room.size;
  const start = roomFor(room, size);
  if (isNew) memory.fill(start, 0, size);
  return start;
}
