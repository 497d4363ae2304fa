// Rules of categorization in words.
import type { Schemas } from '../../lib/api';
import { t } from '../../lib/i18n';
import { names } from '../../lib/names.svelte';
import { read, type Fault } from './matchers';

export type Rule = Schemas['Rule'];

/** What a rule asks for, each condition by itself. */
export function asks(rule: Rule): string[] {
  const from = rule.integration ? [t('rule.from', { integration: names.of('integrations', rule.integration) })] : [];
  return [...from, ...(rule.match ?? [])];
}

/** What a rule decides, each decision by itself. */
export function decides(rule: Rule): string[] {
  const said: string[] = [];
  if (rule.service) said.push(t('rule.then.service', { service: names.of('services', rule.service) }));
  if (rule.severity) said.push(rule.severity);
  if (rule.priority) said.push(t(rule.priority === 'low' ? 'rule.then.low' : 'rule.then.high'));
  for (const field of ['category', 'impact', 'urgency'] as const) {
    if (rule[field]) said.push(t('rule.then.word', { field: t(`matrix.${field}`), word: rule[field] }));
  }
  if (rule.record) said.push(t('rule.then.record'));
  return said;
}

/** What is wrong with a matcher, as far as we can tell without the server. */
export function matcherFault(text: string): string {
  const fault: Fault | undefined = read(text).fault;
  return fault ? t(`matcher.${fault}`) : '';
}

/** The server names a matcher by its number within the rule: "match 2: ...". */
export function serverFaults(fields: Record<string, string>): Record<string, string> {
  const out: Record<string, string> = {};
  for (const [field, text] of Object.entries(fields)) {
    const numbered = /^match (\d+): (.*)$/s.exec(text);
    const at = /^rules\[\d+\]/.exec(field)?.[0];
    if (numbered && at) out[`${at}.match[${Number(numbered[1]) - 1}]`] = numbered[2] ?? '';
    else out[field] = text;
  }
  return out;
}

/** As it is sent. */
export const tidy = (rule: Rule): Rule => ({
  id: rule.id || undefined,
  name: rule.name.trim(),
  integration: rule.integration || undefined,
  match: rule.match?.map((m) => m.trim()).filter(Boolean),
  service: rule.service || undefined,
  severity: rule.severity || undefined,
  priority: rule.priority || undefined,
  category: rule.category?.trim() || undefined,
  impact: rule.impact?.trim() || undefined,
  urgency: rule.urgency?.trim() || undefined,
  record: rule.record || undefined,
  continue: rule.continue || undefined,
});
