// How far a runbook is to be trusted, in words, from what the server says of it.
import { t } from '../../lib/i18n';
import type { Schemas } from '../../lib/api';
import { age } from '../../lib/time.svelte';

export type State = Schemas['RunbookState'];

/** "Verified 12 days ago, step 3 failed last time." */
export function says(s: State): string {
  const verified = !s.verified_at
    ? t('runbook.never')
    : t(s.by_use ? 'runbook.verified.use' : 'runbook.verified', { age: age(s.verified_at) });
  const last = !s.last_at
    ? t('runbook.unused')
    : s.verdict === 'worked'
      ? t('runbook.last.worked')
      : s.last_failed
        ? t('runbook.last.failed', { n: s.last_failed })
        : s.verdict
          ? t('runbook.last.wrong')
          : t('runbook.last.used', { age: age(s.last_at) });
  return `${verified}, ${last}`;
}

/** Whether it is to be looked at before it is trusted. */
export const stale = (s: State): boolean => s.stale.length > 0;
