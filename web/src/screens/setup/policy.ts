// A policy in words, as somebody would explain it to a new colleague.
import type { Schemas } from '../../lib/api';
import { t } from '../../lib/i18n';
import { locale } from '../../lib/i18n';
import { dayTime, words } from './durations';
import { targetWords } from './targets';

export type Policy = Omit<Schemas['Policy'], 'levels'> & { levels: Level[] };
export type Level = Schemas['Level'];

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;

/** "Monday" of "mon", in the reader's language. */
export function weekday(day: string, style: 'long' | 'short' = 'short'): string {
  const n = weekdays.indexOf(day as (typeof weekdays)[number]);
  if (n < 0) return day;
  // 5 January 2026 is a Monday.
  return new Intl.DateTimeFormat(locale, { weekday: style, timeZone: 'UTC' }).format(Date.UTC(2026, 0, 5 + n));
}

/** The conditions of a level, each a part of a sentence. */
export function conditions(level: Level, zone?: string): string[] {
  const said: string[] = [];
  const w = level.when;
  if (w?.severities?.length) said.push(t('policy.if.severities', { severities: list(w.severities, 'disjunction') }));
  if (w?.min_alerts) said.push(t('policy.if.alerts', { n: w.min_alerts.count, within: words(w.min_alerts.within) }));
  if (w?.window) {
    const days = w.window.days?.length ? list(w.window.days.map((d) => weekday(d))) : '';
    said.push(
      t(w.window.skip ? 'policy.if.window.skip' : 'policy.if.window', {
        from: dayTime(w.window.from),
        to: dayTime(w.window.to),
        days: days && ` ${days}`,
        zone: zone || 'UTC',
      }),
    );
  }
  return said;
}

const list = (items: string[], type: 'conjunction' | 'disjunction' = 'conjunction'): string =>
  new Intl.ListFormat(locale, { type }).format(items);

/** What a level does, without when. */
export function does(level: Level): string {
  if (level.repeat_all) return t('policy.does.over', { n: level.repeat_all.max });
  if (!level.targets?.length) return t('policy.does.wait');
  const who = targetWords(level.targets);
  const one = level.strategy === 'round_robin' || level.strategy === 'random';
  const what = one ? t(`policy.does.${level.strategy as 'random'}`, { who }) : t('policy.does.call', { who });
  return level.each ? `${what} ${t('policy.does.each')}` : what;
}

/** The whole policy, a sentence for each thing that it does. */
export function sentences(p: Policy): string[] {
  const said: string[] = [];
  p.levels.forEach((level, i) => {
    const before = p.levels[i - 1];
    const wait = p.offset ? level.at : before?.wait;
    const when =
      i === 0 && !(p.offset && level.at)
        ? t('policy.say.first')
        : p.offset
          ? t('policy.say.at', { wait: words(wait) || t('policy.say.once') })
          : words(wait)
            ? t(level.unresolved ? 'policy.say.still_open' : 'policy.say.unanswered', { wait: words(wait) })
            : t('policy.say.at_once');
    const only = conditions(level, p.zone);
    said.push(`${when} ${does(level)}${only.length ? ` (${only.join('; ')})` : ''}.`);
  });
  const last = p.levels.at(-1);
  if (p.repeat?.count)
    said.push(
      t('policy.say.repeat', {
        n: p.repeat.count,
        wait: words(p.repeat.wait) || words(last?.wait) || t('policy.say.once'),
      }),
    );
  if (p.repeat?.then === 'resolve') said.push(t('policy.say.resolve'));
  if (p.fail_over?.length) said.push(t('policy.say.fail_over', { who: targetWords(p.fail_over) }));
  if (p.report?.length) said.push(t('policy.say.report', { who: targetWords(p.report) }));
  if (p.stops === 'read' || p.stops === 'delivered') said.push(t(`policy.say.stops.${p.stops}`));
  if (p.ack_timeout && p.ack_timeout !== '0s') said.push(t('policy.say.ack_timeout', { wait: words(p.ack_timeout) }));
  return said;
}
