// What somebody said of a runbook, in words.
import { t } from '../../lib/i18n';
import type { Schemas } from '../../lib/api';

export function verdict(v: Schemas['RunbookSaid']): string {
  const what =
    v.verdict === 'worked'
      ? t('runbook.said.worked')
      : v.verdict === 'wrong'
        ? t('runbook.said.wrong', { n: v.step ?? 0 })
        : t('runbook.said.missing');
  return v.text ? `${what}: ${v.text}` : what;
}
