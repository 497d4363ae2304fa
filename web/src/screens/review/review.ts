// What the screens of closure share.
import type { Schemas } from '../../lib/api';
import { known, locale, t } from '../../lib/i18n';
import { names } from '../../lib/names.svelte';
import type { Key } from '../../lib/texts';

export type Review = Schemas['Review'];
export type Section = Schemas['SectionOf'];
export type Comment = Schemas['CommentOf'];
export type Action = Schemas['ActionOf'];
export type Need = Schemas['NeedOf'];

export const audiences = ['administration', 'board', 'customers'] as const;
export const weights = ['high', 'normal', 'low'] as const;

/** Who did it, by the name that people use. */
export function who(by: string | undefined): string {
  const [kind, id = ''] = (by ?? '').split(/:(.*)/s);
  if (kind === 'person') return names.person(id);
  return kind === 'key' ? t('retro.by.key') : t('retro.by.draft');
}

/** What is missing, in our words where we have some. */
export function needText(n: Need): string {
  const key = `need.${n.code}`;
  return known(key) ? t(key as Key, { n: n.n ?? 0 }) : n.text;
}

/** Five in the afternoon of a day, here, as the server wants it. */
export const dueOf = (date: string): string | undefined => (date ? new Date(`${date}T17:00`).toISOString() : undefined);

const days = new Intl.DateTimeFormat(locale, { dateStyle: 'medium' });
/** The day of a moment, with its year. */
export const dayText = (at: string): string => days.format(new Date(at));

/** The day of a moment, here, as a date field wants it. */
export function dateOf(at: string | undefined): string {
  if (!at) return '';
  const d = new Date(at);
  const two = (n: number) => String(n).padStart(2, '0');
  return `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
}
