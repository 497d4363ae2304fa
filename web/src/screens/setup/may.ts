// Who may change what is set up; the server decides, this keeps buttons away that would
// be refused.
import { session } from '../../lib/session.svelte';

const enough = ['manager', 'admin'];

/** Whether they may change what belongs to a team, or without one to the house. */
export function mayChange(team?: string): boolean {
  const me = session.me;
  if (!me) return false;
  if (me.role === 'admin') return true;
  return enough.includes(team ? (me.teams?.[team] ?? '') : me.role);
}

export const admin = (): boolean => session.me?.role === 'admin';

/** Whether there is anything that they may change: a team's own, or the house's. */
export function mayAnywhere(): boolean {
  return mayChange() || Object.values(session.me?.teams ?? {}).some((role) => enough.includes(role));
}
