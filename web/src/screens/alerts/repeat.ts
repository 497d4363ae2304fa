// How a window repeats, as a form has it and as RFC 5545 writes it.
export const weekdays = ['MO', 'TU', 'WE', 'TH', 'FR', 'SA', 'SU'] as const;
export type Day = (typeof weekdays)[number];

export interface Repeat {
  /** `own`: a rule that the form has no fields for. */
  every: 'once' | 'day' | 'week' | 'month' | 'own';
  days: Day[];
  rule: string;
}

export function readRepeat(rule: string | undefined): Repeat {
  const text = (rule ?? '').replace(/^RRULE:/, '');
  const parts = Object.fromEntries(text.split(';').map((p) => p.split('=') as [string, string]));
  const only = (...names: string[]) => Object.keys(parts).every((k) => names.includes(k));
  const days = (parts.BYDAY ?? '').split(',').filter((d): d is Day => weekdays.includes(d as Day));
  if (!text) return { every: 'once', days: [], rule: '' };
  if (parts.FREQ === 'DAILY' && only('FREQ')) return { every: 'day', days: [], rule: text };
  if (
    parts.FREQ === 'WEEKLY' &&
    only('FREQ', 'BYDAY') &&
    days.length === (parts.BYDAY ?? '').split(',').filter(Boolean).length
  )
    return { every: 'week', days, rule: text };
  if (parts.FREQ === 'MONTHLY' && only('FREQ')) return { every: 'month', days: [], rule: text };
  return { every: 'own', days: [], rule: text };
}

export function writeRepeat(r: Repeat): string {
  switch (r.every) {
    case 'once':
      return '';
    case 'day':
      return 'FREQ=DAILY';
    case 'week':
      return 'FREQ=WEEKLY' + (r.days.length ? `;BYDAY=${weekdays.filter((d) => r.days.includes(d)).join(',')}` : '');
    case 'month':
      return 'FREQ=MONTHLY';
    case 'own':
      return r.rule.trim();
  }
}
