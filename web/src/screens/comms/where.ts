// Where updates go, in words.
import type { Schemas } from '../../lib/api';
import { t } from '../../lib/i18n';

type Pages = Pick<Schemas['PageChoice'], 'id' | 'name'>[];

/** "Status page: Shop" for "status:shop". */
export function where(channel: string, pages: Pages): string {
  if (channel === 'followers') return t('guideline.channels.followers');
  if (channel === 'reporters') return t('guideline.channels.reporters');
  const id = channel.replace(/^status:/, '');
  return t('comms.to.page', { name: pages.find((p) => p.id === id)?.name ?? id });
}

/** How components are, the best first. */
export const states = ['operational', 'maintenance', 'degraded', 'partial', 'major'] as const;
export const phases = ['investigating', 'identified', 'monitoring', 'resolved'] as const;

/** A moment as an input of the type datetime-local has it, in the viewer's zone; and back. */
export function picked(at: string | undefined): string {
  if (!at) return '';
  const d = new Date(at);
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
export const moment = (local: string): string | undefined => (local ? new Date(local).toISOString() : undefined);
