/** When something happened, in words. */

const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86400],
  ['month', 30 * 86400],
  ['week', 7 * 86400],
  ['day', 86400],
  ['hour', 3600],
  ['minute', 60]
];

/** "3 hours ago". */
export function relativeTime(time: string, now: Date = new Date()): string {
  const seconds = (new Date(time).getTime() - now.getTime()) / 1000;
  if (Number.isNaN(seconds)) {
    return '';
  }
  const step = STEPS.find(([, length]) => Math.abs(seconds) >= length);
  if (!step) {
    return 'just now';
  }
  const [unit, length] = step;
  return new Intl.RelativeTimeFormat('en', { numeric: 'auto' }).format(Math.trunc(seconds / length), unit);
}

/** "12 May 2026, 14:05", in the reader's own time zone. */
export function exactTime(time: string): string {
  return format(time, { dateStyle: 'medium', timeStyle: 'short' });
}

/** "12 May", with the year where it is another one. */
export function dayText(time: string, now: Date = new Date()): string {
  const year = new Date(time).getFullYear() === now.getFullYear() ? undefined : 'numeric';
  return format(time, { day: 'numeric', month: 'short', year });
}

/** "14:05" today, the day with the hour otherwise. */
export function clockText(time: string, now: Date = new Date()): string {
  const clock = format(time, { hour: '2-digit', minute: '2-digit' });
  const today = new Date(time).toDateString() === now.toDateString();
  return today ? clock : `${dayText(time, now)}, ${clock}`;
}

function format(time: string, options: Intl.DateTimeFormatOptions): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? '' : new Intl.DateTimeFormat('en-GB', options).format(date);
}
