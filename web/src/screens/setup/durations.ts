// Lengths of time as the set-up writes them ("1h30m") and as people read them.
import { lasted } from '../../lib/time.svelte';

const units: Record<string, number> = { d: 86_400, h: 3600, m: 60, s: 1 };

/** Seconds of "90s", "1h30m", "2 d"; undefined when it is none. A bare number is minutes. */
export function seconds(text: string): number | undefined {
  const plain = text.trim().toLowerCase().replace(/\s+/g, '');
  if (/^\d+(\.\d+)?$/.test(plain)) return Number(plain) * 60;
  if (!/^(\d+(\.\d+)?(d|h|min|m|sec|s))+$/.test(plain)) return undefined;
  let sum = 0;
  for (const [, n, unit] of plain.matchAll(/(\d+(?:\.\d+)?)(d|h|min|m|sec|s)/g)) {
    sum += Number(n) * (units[unit?.[0] ?? ''] ?? 0);
  }
  return sum;
}

/** As the API takes it: "5m", "1h30m"; it knows no days. What is none stays what it is. */
export function wire(text: string): string {
  const s = seconds(text);
  if (s === undefined || text.trim() === '') return text.trim();
  const parts = [
    [Math.floor(s / 3600), 'h'],
    [Math.floor(s / 60) % 60, 'm'],
    [Math.round((s % 60) * 1000) / 1000, 's'],
  ] as const;
  return (
    parts
      .filter(([n]) => n > 0)
      .map(([n, u]) => `${n}${u}`)
      .join('') || '0s'
  );
}

/** "5 min", "1 h 30 min"; "" for nothing. */
export function words(text: string | undefined | null): string {
  if (!text) return '';
  const s = seconds(text);
  return s === undefined ? text : lasted(s * 1000);
}

/** Minutes since midnight as "22:00", of a duration such as "22h". */
export function dayTime(text: string | undefined): string {
  const s = seconds(text || '0s') ?? 0;
  const two = (n: number) => String(n).padStart(2, '0');
  return `${two(Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}`;
}

/** The duration since midnight of "22:30". */
export function sinceMidnight(clock: string): string {
  const [h = 0, m = 0] = clock.split(':').map(Number);
  return wire(`${h}h${m}m`);
}
