// What people change, and what the app says of it.
import { api, ok, type Schemas } from '../../lib/api';
import { t } from '../../lib/i18n';
import type { Key } from '../../lib/texts';

export type Change = Schemas['ChangeOf'];
export type Whole = Schemas['WholeChange'];
export type Conflict = Schemas['Conflict'];
export type Override = Schemas['OverrideOf'];
export type Rules = Schemas['ChangeRules'];

export const classes = ['standard', 'normal', 'emergency'] as const;
export const risks = ['low', 'medium', 'high'] as const;
export const outcomes = ['worked', 'backed_out', 'failed'] as const;

/** "approved", or how it went once it is done. */
export const stateText = (c: Change): string =>
  c.outcome ? t(`change.outcome.${c.outcome}`) : t(`change.state.${c.state}`);

/** The colour that its state has. */
export function tone(c: Change): string {
  if (c.outcome) return c.outcome === 'worked' ? 'ok' : 'high';
  const tones: Record<string, string> = { requested: 'warn', approved: 'info', started: 'info', denied: 'high' };
  return tones[c.state] ?? 'mute';
}

export const over = (c: Change): boolean => ['denied', 'done', 'cancelled'].includes(c.state);

/** A moment as an input of the type datetime-local has it, in the viewer's zone. */
export function local(at: Date): string {
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

export const services = (c: Pick<Change, 'services'>): string => c.services.map((s) => s.name).join(', ');

export const conflictKind = (c: Conflict): string => t(`change.meets.${c.kind}` as Key);

export const readRules = () =>
  ok(api.GET('/api/v1/settings')).then((s) => ((s as Schemas['Settings']).changes ?? {}) as Rules);
export const writeRules = (changes: Rules) => ok(api.PATCH('/api/v1/settings', { body: { changes } as never }));
