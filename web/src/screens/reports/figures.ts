// What the reports show: which figures, of what, and how each is written.
import type { Schemas } from '../../lib/api';
import { known, locale, t } from '../../lib/i18n';
import { lasted, zone } from '../../lib/time.svelte';

export type Numbers = Schemas['FigureNumber'];
export type Report = Schemas['FigureReport'];
export type Definition = Schemas['FigureDefinition'];

export const spans = ['7', '28', '90', '365'] as const;
export const bys = ['service', 'team', 'severity', 'source', 'category', 'cause'] as const;
export type By = (typeof bys)[number];
/** What a report is narrowed to, by its names in the address. */
export const narrows = ['team', 'service', 'severity', 'source', 'category', 'cause'] as const;

/** Those that stand at the top, in their order. */
export const tiles = [
  'incidents',
  'unanswered',
  'escalated',
  'acknowledge',
  'resolve',
  'acknowledged_in_time',
  'resolved_in_time',
  'actionable',
  'night',
  'late_updates',
  'downtime',
  'cost',
] as const;

export interface Choice {
  from: string;
  to?: string;
  zone: string;
  team?: string;
  service?: string;
  severity?: 'SEV1' | 'SEV2' | 'SEV3' | 'SEV4' | 'SEV5';
  source?: string;
  category?: string;
  cause?: string;
}

const day = 86_400_000;

/** What an address asks for. Without from and to it is the last days. */
export function choiceOf(query: URLSearchParams, now: number): Choice {
  const minute = Math.floor(now / 60_000) * 60_000;
  const choice: Choice = {
    from: query.get('from') ?? new Date(minute - Number(daysOf(query)) * day).toISOString(),
    to: query.get('to') ?? undefined,
    zone,
  };
  for (const name of narrows) {
    const value = query.get(name);
    if (value) Object.assign(choice, { [name]: value });
  }
  return choice;
}

export const daysOf = (query: URLSearchParams): string => spans.find((n) => n === query.get('days')) ?? '28';
export const byOf = (query: URLSearchParams): By => bys.find((b) => b === query.get('by')) ?? 'service';

/** How a period is cut, so that the parts can be told apart. */
export function partOf(from: string, to: string | undefined, now: number): 'hour' | 'day' | 'week' | 'month' {
  const days = ((to ? Date.parse(to) : now) - Date.parse(from)) / day;
  return days <= 2.1 ? 'hour' : days <= 93 ? 'day' : days <= 740 ? 'week' : 'month';
}

/** The address of the incidents that a number is made of. */
export function countedHref(choice: Choice, figure: string, more: Record<string, string> = {}): string {
  const query = new URLSearchParams({ figure, from: choice.from, ...(choice.to ? { to: choice.to } : {}) });
  for (const name of narrows) if (choice[name]) query.set(name, choice[name]);
  for (const [name, value] of Object.entries(more)) if (value) query.set(name, value);
  return `/reports/counted?${query}`;
}

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const percent = new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 0 });
const some = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });

export const count = (n: number): string => whole.format(n);
export const tenth = (n: number): string => some.format(n);

/** A value in the unit of its figure. */
export function written(unit: string, value: number | null | undefined, currency = ''): string {
  if (value == null) return '–';
  if (unit === 's') return lasted(value * 1000);
  if (unit === '%') return percent.format(value);
  if (unit === 'money') return `${whole.format(value)} ${currency}`.trim();
  return whole.format(value);
}

/** Shorter, for the side of a picture. */
export function brief(unit: string, value: number): string {
  if (unit !== 's') return unit === '%' ? percent.format(value) : some.format(value);
  if (value >= 172_800) return t('time.d', { n: some.format(value / 86_400) });
  if (value >= 5400) return t('time.h', { n: some.format(value / 3600) });
  return value >= 60
    ? t('time.m', { n: value < 600 ? some.format(value / 60) : whole.format(value / 60) })
    : t('time.s', { n: whole.format(value) });
}

/** What a figure is called, and what it is: in the person's language where we know it. */
export function nameOf(d: Definition): string {
  const key = `figure.${d.key}`;
  return known(key) ? t(key) : d.name;
}
export function sentenceOf(d: Definition): string {
  const key = `figure.${d.key}.is`;
  return known(key) ? t(key) : d.sentence;
}

/** How a value moved, and whether that is good: nothing where it did not. */
export function moved(
  d: Definition,
  is: number | undefined,
  was: number | undefined,
): { by: string; good?: boolean } | undefined {
  if (is == null || was == null || is === was) return undefined;
  const up = is > was;
  const points = Math.round(Math.abs(is - was) * 100);
  const part = Math.round((Math.abs(is - was) / Math.abs(was || 1)) * 100);
  if (d.unit === '%' ? !points : was && !part) return undefined; // nobody could tell
  const better = { acknowledged_in_time: true, resolved_in_time: true, actionable: true }[d.key] ?? false;
  const neutral = d.key === 'open';
  const by =
    d.unit === '%' ? t('report.points', { n: points }) : was === 0 ? written(d.unit, is) : percent.format(part / 100);
  return { by: (up ? '▲ ' : '▼ ') + by, good: neutral || !was ? undefined : up === better };
}

/** The next round number from a value up: 1, 2, 5, 10, 20 ...; of seconds also minutes and hours. */
export function nice(top: number, unit = ''): number {
  if (!(top > 0)) return 2;
  if (unit === 's') {
    const steps = [10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14_400, 28_800, 43_200, 86_400, 172_800];
    return steps.find((s) => s >= top) ?? Math.ceil(top / 172_800) * 172_800;
  }
  const ten = 10 ** Math.floor(Math.log10(top));
  // Half of it stands at the side too, and half a thing is none.
  const steps = unit !== '%' && ten <= 1 ? [2, 4, 6, 8, 10] : [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10];
  return (steps.find((s) => s * ten >= top) ?? 10) * ten;
}
