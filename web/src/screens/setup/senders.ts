// Kinds of senders, as people look for them, and the dialect that each speaks.
import type { Schemas } from '../../lib/api';
import { known, t } from '../../lib/i18n';

export type Integration = Schemas['Integration'];

/** What can be chosen: a program, the source that reads it. */
export const kinds = [
  { kind: 'prometheus', source: 'alertmanager' },
  { kind: 'alertmanager', source: 'alertmanager' },
  { kind: 'grafana', source: 'grafana' },
  { kind: 'pagerduty', source: 'pagerduty' },
  { kind: 'opsgenie', source: 'opsgenie' },
  { kind: 'github', source: 'github' },
  { kind: 'gitlab', source: 'gitlab' },
  { kind: 'generic', source: 'generic' },
  { kind: 'heartbeat', source: 'generic' },
] as const;
export type SenderKind = (typeof kinds)[number]['kind'];

/** What a source is called. */
export function sourceName(source: string): string {
  const key = `source.${source}`;
  return known(key) ? t(key) : source;
}

/** The snippets of a kind of sender first: all are good for its source. */
export function ordered(snippets: Schemas['Snippet'][], kind: string): Schemas['Snippet'][] {
  const program: Record<string, RegExp> = {
    prometheus: /^prometheus/i,
    alertmanager: /^alertmanager/i,
    heartbeat: /^cron/i,
  };
  const first = program[kind];
  if (!first) return snippets;
  return [...snippets].sort((a, b) => Number(first.test(b.program)) - Number(first.test(a.program)));
}

/** A snippet with the key in it; without one, it says where the key belongs. */
export const withKey = (text: string, key: string | undefined): string => (key ? text.replace(/\bKEY\b/g, key) : text);
