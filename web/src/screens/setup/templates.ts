// Templates of retrospectives, as the form has them.
import type { Schemas } from '../../lib/api';
import { t } from '../../lib/i18n';

type Section = Schemas['RetroSection'];
type Template = Schemas['Retrospective'];

/** With what of the log a section can begin. */
export const drafts = ['', 'summary', 'impact', 'timeline', 'factors', 'actions', 'lessons', 'customers'] as const;

/** The usual sections, in the language of whoever makes a template of them. */
export function usual(): Section[] {
  const one = (id: Usual, more: Partial<Section> = {}): Section => ({
    id,
    title: t(`retros.usual.${id}`),
    ask: t(`retros.usual.${id}.ask`),
    ...more,
  });
  return [
    one('summary', { for: ['board'], draft: 'summary' }),
    one('impact', { for: ['board'], draft: 'impact' }),
    one('timeline', { draft: 'timeline' }),
    one('factors', { for: ['board'], draft: 'factors' }),
    one('well'),
    one('hard'),
    one('lucky'),
    one('actions', { for: ['board'], draft: 'actions' }),
    one('customers', { for: ['customers'], draft: 'customers' }),
  ];
}
type Usual = 'summary' | 'impact' | 'timeline' | 'factors' | 'well' | 'hard' | 'lucky' | 'actions' | 'customers';

/** A list with one of it moved up (-1) or down (1). */
export function moved<T>(all: T[], at: number, by: -1 | 1): T[] {
  const next = [...all];
  const [one] = next.splice(at, 1);
  if (one !== undefined) next.splice(Math.max(0, at + by), 0, one);
  return next;
}

/** Without what says nothing. */
export const tidied = (all: Template[] | null | undefined): Template[] | undefined =>
  all?.length
    ? all.map((x) => ({
        ...x,
        name: x.name?.trim() || undefined,
        severities: x.severities?.length ? x.severities : undefined,
        services: x.services?.length ? x.services : undefined,
        sections: (x.sections ?? []).map((p) => ({
          ...p,
          ask: p.ask || undefined,
          draft: p.draft || undefined,
          for: p.for?.length ? p.for : undefined,
        })),
      }))
    : undefined;
