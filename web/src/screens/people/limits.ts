// What limits what reaches somebody, as forms have it.
import type { Schemas } from '../../lib/api';
import { seconds } from './rules';

export type Reach = Schemas['Reach'];

export const week = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** "7h30m" since midnight is 07:30 in a form. */
export function toClock(span: string | undefined): string {
  const all = Math.round(seconds(span) / 60);
  return `${String(Math.floor(all / 60) % 24).padStart(2, '0')}:${String(all % 60).padStart(2, '0')}`;
}

/** 07:30 is "7h30m" since midnight. */
export function toSpan(clock: string): string {
  const [h = 0, m = 0] = clock.split(':').map(Number);
  return h && m ? `${h}h${m}m` : m ? `${m}m` : `${h}h`;
}

/** A moment as <input type="datetime-local"> has it, in this browser's zone. */
export function toLocal(at: string): string {
  const d = new Date(at);
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export const fromLocal = (text: string): string => new Date(text).toISOString();

/** What a day of the week is called here; they begin with Monday. */
export const dayName = (i: number, lang: string): string =>
  new Intl.DateTimeFormat(lang, { weekday: 'short', timeZone: 'UTC' }).format(new Date(Date.UTC(2024, 0, 1 + i)));
