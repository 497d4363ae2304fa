// Notification rules, as people say and see them.
import type { Schemas } from '../../lib/api';
import { t } from '../../lib/i18n';
import { lasted } from '../../lib/time.svelte';

export type Rule = Schemas['NotificationRule'];
export type Priority = 'high' | 'low';

/** Of a length such as "1h30m", in seconds. */
export function seconds(text: string | undefined): number {
  let all = 0;
  for (const [, n, unit] of (text ?? '').matchAll(/([\d.]+)(h|ms|m|s)/g))
    all += Number(n) * { h: 3600, m: 60, s: 1, ms: 0.001 }[unit as 'h' | 'm' | 's' | 'ms'];
  return all;
}

/** Minutes as the API writes them; nothing for none. */
export const minutes = (n: number): string | undefined => (n > 0 ? `${n}m` : undefined);

/** The rules of a priority, in the order in which they act. */
export function of(rules: Rule[], priority: Priority): Rule[] {
  return rules
    .filter((r) => !r.priority || r.priority === priority)
    .toSorted((a, b) => seconds(a.after) - seconds(b.after));
}

const same = (a: Rule, b: Rule) =>
  a.method === b.method &&
  seconds(a.after) === seconds(b.after) &&
  seconds(a.every) === seconds(b.every) &&
  seconds(a.for) === seconds(b.for) &&
  (a.unless ?? '') === (b.unless ?? '');

/** Both lists as one: what is in both is said once. */
export function join(high: Rule[], low: Rule[]): Rule[] {
  const rest = [...low];
  const all = high.map((r): Rule => {
    const i = rest.findIndex((o) => same(o, r));
    if (i < 0) return { ...r, priority: 'high' };
    rest.splice(i, 1);
    return { ...r, priority: undefined };
  });
  return [...all, ...rest.map((r): Rule => ({ ...r, priority: 'low' }))];
}

/** "At once e-mail; after 3 min the phone, again every 5 min until you answer." */
export function sentence(rules: Rule[], name: (method: string) => string): string {
  if (!rules.length) return t('profile.rules.none');
  const parts: string[] = [];
  for (let i = 0; i < rules.length;) {
    const after = seconds(rules[i]!.after);
    const now = [];
    for (; i < rules.length && seconds(rules[i]!.after) === after; i++) {
      const r = rules[i]!;
      const every = seconds(r.every);
      const more = [
        every ? t('profile.rules.every', { time: lasted(every * 1000) }) : '',
        r.unless ? t(`profile.rules.unless.${r.unless as 'read'}`) : '',
      ].filter(Boolean);
      now.push(name(r.method) + (more.length ? ` (${more.join(', ')})` : ''));
    }
    const who = now.join(', ');
    parts.push(
      after ? t('profile.rules.after', { time: lasted(after * 1000), who }) : t('profile.rules.atonce', { who }),
    );
  }
  return parts.join('; ') + '.';
}
