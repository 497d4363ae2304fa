// A policy in words, as somebody would explain it to a new colleague.
import type { Schemas } from '../../lib/api';
import { locale, t } from '../../lib/i18n';
import { dayTime, seconds, wire, words } from './durations';
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

/** As it is sent: lengths of time in the server's words, nothing that says nothing. */
export function tidy(p: Policy): Policy {
  const time = (text: string | undefined) => (text?.trim() && wire(text) !== '0s' ? wire(text) : undefined);
  return {
    ...p,
    zone: p.zone || undefined,
    ack_timeout: time(p.ack_timeout),
    stops: p.stops && p.stops !== 'acknowledged' ? p.stops : undefined,
    fail_over: p.fail_over?.length ? p.fail_over : undefined,
    report: p.report?.length ? p.report : undefined,
    repeat:
      p.repeat?.count || p.repeat?.then
        ? { count: p.repeat.count || undefined, wait: time(p.repeat.wait), then: p.repeat.then || undefined }
        : undefined,
    levels: p.levels.map((l) => ({
      ...l,
      targets: l.targets?.length ? l.targets : undefined,
      wait: time(l.wait),
      at: p.offset ? time(l.at) : undefined,
      strategy: l.strategy && l.strategy !== 'all' ? l.strategy : undefined,
      when: l.when?.severities?.length || l.when?.window || l.when?.min_alerts ? l.when : undefined,
    })),
  };
}

/** Lengths of time that are none, by field as the server names them. */
export function faults(p: Policy): Record<string, string> {
  const wrong: Record<string, string> = {};
  const look = (field: string, text: string | undefined) => {
    if (text && seconds(text) === undefined) wrong[field] = t('wrong.duration');
  };
  look('ack_timeout', p.ack_timeout);
  look('repeat.wait', p.repeat?.wait);
  p.levels.forEach((l, i) => {
    look(`levels[${i}].wait`, l.wait);
    look(`levels[${i}].at`, l.at);
    look(`levels[${i}].when.min_alerts`, l.when?.min_alerts?.within);
  });
  return wrong;
}
