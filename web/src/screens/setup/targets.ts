// Whom a level may call, as there is to choose from.
import { t } from '../../lib/i18n';
import { names } from '../../lib/names.svelte';

export type TargetKind = 'schedule' | 'person' | 'team' | 'policy' | 'email' | 'service';

export interface Choice {
  target: string;
  name: string;
  kind: TargetKind;
}

/** Everything of these kinds; each schedule also as who comes after and before. */
export function choices(kinds: TargetKind[]): Choice[] {
  const of = (kind: TargetKind, list: { id: string; name: string }[]): Choice[] =>
    kinds.includes(kind) ? list.map((n) => ({ target: `${kind}:${n.id}`, name: n.name, kind })) : [];
  const schedules = of('schedule', names.list('schedules'));
  return [
    ...schedules,
    ...of('team', names.list('teams')),
    ...of('person', names.list('people')),
    ...of('policy', names.list('policies')),
    ...of('service', names.list('services')),
    ...schedules.flatMap((s) =>
      (['next', 'previous'] as const).map((place) => ({
        ...s,
        target: `${s.target}/${place}`,
        name: t(`target.${place}`, { schedule: s.name }),
      })),
    ),
  ];
}

/** What a target is called; of a schedule perhaps a place or a role in it. */
export function targetName(target: string): string {
  const [kind, rest = ''] = target.split(/:(.*)/s);
  if (kind !== 'schedule') return names.target(target);
  const [id, place] = rest.split('/');
  const schedule = names.of('schedules', id);
  if (!place) return schedule;
  return place === 'next' || place === 'previous' ? t(`target.${place}`, { schedule }) : `${schedule} (${place})`;
}

export const kindOf = (target: string): TargetKind =>
  (target.includes(':') ? target.split(':')[0] : 'person') as TargetKind;

/** The targets in a sentence: "Jane, Omar and the team dba". */
export function targetWords(targets: string[] | null | undefined): string {
  const said = (targets ?? []).map((one) =>
    kindOf(one) === 'team' ? t('target.team', { team: targetName(one) }) : targetName(one),
  );
  return new Intl.ListFormat(document.documentElement.lang || 'en', { type: 'conjunction' }).format(said);
}
