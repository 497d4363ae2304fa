// Time as people read it: in the viewer's zone, by the server's clock.
import { lang, locale, t } from './i18n';

/** A clock that components may read; it ticks each second while somebody looks. */
class Clock {
  /** How far the server's clock is ahead of ours, in ms. */
  ahead = 0;
  now = $state(Date.now());

  constructor() {
    setInterval(() => {
      if (!document.hidden) this.tick();
    }, 1000);
    document.addEventListener('visibilitychange', () => this.tick());
  }

  tick(): void {
    this.now = Date.now() + this.ahead;
  }

  /** Hears what time it is at the server, from the Date of an answer: whole seconds. */
  heard(date: string | null): void {
    const at = Date.parse(date ?? '');
    if (Number.isNaN(at)) return;
    const off = at + 500 - Date.now();
    this.ahead = Math.abs(off) < 2000 ? 0 : off;
  }
}

export const clock = new Clock();

type When = string | number | Date | undefined | null;
const ms = (at: When): number => (at == null ? NaN : typeof at === 'number' ? at : new Date(at).getTime());

// Whoever is woken reads 03:12, wherever they are.
const clock24 = { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const;
const hour = new Intl.DateTimeFormat(locale, clock24);
const second = new Intl.DateTimeFormat(locale, { ...clock24, second: '2-digit' });
const dayHour = new Intl.DateTimeFormat(locale, { weekday: 'short', day: 'numeric', month: 'short', ...clock24 });
const dayOnly = new Intl.DateTimeFormat(locale, { weekday: 'long', day: 'numeric', month: 'long' });
const full = new Intl.DateTimeFormat(locale, { dateStyle: 'full', timeStyle: 'long', hourCycle: 'h23' });

/** "03:12" */
export const clockTime = (at: When): string => (Number.isNaN(ms(at)) ? '' : hour.format(ms(at)));
/** "03:12:09" */
export const exactTime = (at: When): string => (Number.isNaN(ms(at)) ? '' : second.format(ms(at)));
/** "Friday, 27 November" */
export const day = (at: When): string => (Number.isNaN(ms(at)) ? '' : dayOnly.format(ms(at)));
/** All of it, for a tooltip. */
export const fullTime = (at: When): string => (Number.isNaN(ms(at)) ? '' : full.format(ms(at)));

export const sameDay = (a: When, b: When): boolean => new Date(ms(a)).toDateString() === new Date(ms(b)).toDateString();

/** "03:12", or "Fri, 27 Nov, 03:12" when it is another day than now. */
export function moment(at: When, now = clock.now): string {
  if (Number.isNaN(ms(at))) return '';
  return sameDay(at, now) ? hour.format(ms(at)) : dayHour.format(ms(at));
}

/** How long ago, roughly: "2 min", "3 h", "5 d". */
export function age(at: When, now = clock.now): string {
  const s = Math.max(0, (now - ms(at)) / 1000);
  if (Number.isNaN(s)) return '';
  if (s < 60) return t('time.now');
  if (s < 3600) return t('time.minutes', { n: Math.floor(s / 60) });
  if (s < 48 * 3600) return t('time.hours', { n: Math.floor(s / 3600) });
  return t('time.days', { n: Math.floor(s / 86400) });
}

/** What is left, exactly: "1:48", "2:05:00"; "0:00" when it is over. */
export function countdown(at: When, now = clock.now): string {
  const s = Math.max(0, Math.floor((ms(at) - now) / 1000));
  if (Number.isNaN(s)) return '';
  const two = (n: number) => String(n).padStart(2, '0');
  const h = Math.floor(s / 3600);
  const m = Math.floor(s / 60) % 60;
  return h ? `${h}:${two(m)}:${two(s % 60)}` : `${m}:${two(s % 60)}`;
}

/** A length of time in words: "1 min 22 s". */
export function lasted(millis: number): string {
  const s = Math.max(0, Math.round(millis / 1000));
  const parts = [
    [Math.floor(s / 86400), 'time.d'],
    [Math.floor(s / 3600) % 24, 'time.h'],
    [Math.floor(s / 60) % 60, 'time.m'],
    [s % 60, 'time.s'],
  ] as const;
  const said = parts.filter(([n]) => n > 0).slice(0, 2);
  return (said.length ? said : [[0, 'time.s'] as const]).map(([n, key]) => t(key, { n })).join(' ');
}

export const zone: string = Intl.DateTimeFormat(lang).resolvedOptions().timeZone;
