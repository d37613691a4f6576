/** Moments as people read them in the editor. */

/** `2026-11-23T14:02:11.123+01:00`: the moment in the reader's zone, and still unambiguous. */
export function localIso(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  const offset = -date.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${pad(Math.floor(Math.abs(offset) / 60))}:${pad(Math.abs(offset) % 60)}`;
  return `${localDay(date)}T${localClock(date)}.${pad(date.getMilliseconds(), 3)}${zone}`;
}

/** `14:02:11` when it was today, `2026-11-23 14:02:11` otherwise. */
export function localTime(ms: number, nowMs: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  const day = localDay(date);
  return day === localDay(new Date(nowMs)) ? localClock(date) : `${day} ${localClock(date)}`;
}

/** What stands at a mark of an axis whose marks are `widthMs` apart: a time of day, at midnight and beyond days the date. */
export function tickText(ms: number, widthMs: number): string {
  const date = new Date(ms);
  const isMidnight = date.getHours() + date.getMinutes() + date.getSeconds() + date.getMilliseconds() === 0;
  if (isMidnight || widthMs >= 86_400_000) return localDay(date);
  if (widthMs < 1000) return `${localClock(date)}.${pad(date.getMilliseconds(), 3)}`;
  return widthMs < 60_000 ? localClock(date) : localClock(date).slice(0, 5);
}

/** What the reader's clock is ahead of UTC then. */
export function zoneMsAt(ms: number): number {
  return -new Date(ms).getTimezoneOffset() * 60_000;
}

function localDay(date: Date): string {
  return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

function localClock(date: Date): string {
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}
