// Whether who is signed in speaks for others: everywhere, or in a team of theirs. The
// server knows whose; what it refuses it says.
import { session } from '../../lib/session.svelte';

export const leads = (): boolean =>
  session.atLeast('manager') || Object.values(session.me?.teams ?? {}).some((role) => role === 'manager');
