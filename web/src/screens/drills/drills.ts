// Words that the screens of drills share.
import { t } from '../../lib/i18n';
import type { Schemas } from '../../lib/api';
import type { Key } from '../../lib/texts';
import { known } from '../../lib/i18n';
import { names } from '../../lib/names.svelte';
import { lasted } from '../../lib/time.svelte';

export type Drill = Schemas['DrillOf'];
export type Whole = Schemas['WholeDrill'];

/** A span of the server's, in words. */
export const span = (seconds: number): string => lasted(seconds * 1000);

/** How it ended, or that it goes on. */
export const ended = (d: Drill): string => (d.ended ? t(`drills.ended.${d.ended}`) : t('drills.running'));

/** Whom a check is about: a role as people call it, somebody, or a team. */
export function of(check: Schemas['DrillCheck']): string {
  if (!check.of) return '';
  const role = `role.${check.of}`;
  if (check.key === 'role') return known(role) ? t(role as Key) : check.of;
  return check.key === 'join' ? names.target(check.of) : check.of;
}
