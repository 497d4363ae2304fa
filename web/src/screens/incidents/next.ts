// What happens by itself, if nobody does anything: in words, with the time that is left.
import type { Incident } from '../../lib/incidents';
import { t } from '../../lib/i18n';
import { countdown, lasted, moment } from '../../lib/time.svelte';

/** "Level 2 in 1:48"; "" when nothing does. */
export function nextText(i: Incident, now: number): string {
  if (i.held) return i.held;
  const at = i.next?.at;
  if (!at) return '';
  const left = Date.parse(at) - now;
  if (i.status === 'snoozed') return t('next.wakes', { at: moment(at, now) });
  if (i.status === 'acknowledged')
    return t('next.expires', {
      left: left < 60_000 ? countdown(at, now) : lasted(Math.max(0, Math.ceil(left / 60_000)) * 60_000),
    });
  if (i.status !== 'triggered') return '';
  const time = countdown(at, now);
  if (left <= 0) return t('next.due');
  if (!i.next?.level) return t('next.none', { left: time });
  if (i.next.level === 1 && i.next.round > 1) return t('next.round', { n: i.next.round, left: time });
  return t('next.level', { n: i.next.level, left: time });
}
