// What happened to an incident that people who talk about it want to see between what
// they say.
import type { Schemas } from '../../lib/api';

/** What lines say: the room knows, which has loaded it already. */
export type Words = Pick<typeof import('../incidents/lines'), 'actor' | 'icon' | 'said'>;

const kinds = new Set([
  'alert.opened',
  'alert.raised',
  'alert.reopened',
  'escalate.acknowledged',
  'escalate.unacknowledged',
  'escalate.snoozed',
  'escalate.escalated',
  'escalate.reassigned',
  'investigate.noted',
  'investigate.role_given',
  'investigate.came',
  'investigate.went',
  'investigate.task_added',
  'investigate.task_done',
  'investigate.task_overdue',
  'resolve.resolved',
  'review.closed',
]);

export const told = (lines: Schemas['Line'][]): Schemas['Line'][] => lines.filter((l) => kinds.has(l.kind));
