/** Times, durations and sizes as people read them. */

const units = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** `850 ms`, `12 s`, `3 min 5 s`, `2 h 4 min`: two units at most. */
export function durationText(ms: number): string {
  if (!Number.isFinite(ms)) return '–';
  const whole = Math.max(0, Math.round(ms));
  if (whole < 1000) return `${whole} ms`;
  if (whole < 10_000) return `${(Math.floor(whole / 100) / 10).toFixed(1)} s`;
  let rest = whole;
  const parts: string[] = [];
  for (const [unit, size] of units) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) parts.push(`${count} ${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(' ');
}

/** `1,234 tasks`, `1 task`. */
export function countText(count: number, singular: string, plural = `${singular}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? singular : plural}`;
}

/** `12.3 MB`, in powers of ten. */
export function bytesText(bytes: number): string {
  const names = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let name = 0;
  while (value >= 1000 && name < names.length - 1) {
    value /= 1000;
    name++;
  }
  return `${name === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${names[name] ?? ''}`;
}

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

function localDay(date: Date): string {
  return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}`;
}

function localClock(date: Date): string {
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

function pad(value: number, width = 2): string {
  return String(value).padStart(width, '0');
}
