// Leaving.
import { router } from '../lib/router.svelte';
import { session } from '../lib/session.svelte';
import { toasts } from '../lib/toasts.svelte';

export async function signOut(): Promise<void> {
  try {
    await session.leave();
    router.go('/sign-in');
  } catch (error) {
    toasts.failed(error);
  }
}
