// The service worker: what is read offline, and what a push shows.
import { base } from './base';
import { router } from './router.svelte';

/** Registering a script asks for a trusted address; ours is the only one there is. */
function trusted(url: string): string {
  const policies = (globalThis as { trustedTypes?: { createPolicy: Function } }).trustedTypes;
  if (!policies) return url;
  return policies.createPolicy('tocsin', { createScriptURL: (u: string) => u }).createScriptURL(url) as string;
}

export function registerWorker(): void {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
  // A notification was tapped while the app was open.
  navigator.serviceWorker.addEventListener('message', (e: MessageEvent<{ go?: string }>) => {
    if (e.data?.go) router.go(e.data.go);
  });
  navigator.serviceWorker.register(trusted(`${base}/sw.js`), { scope: `${base}/` }).catch((error: unknown) => {
    console.warn('the service worker could not be registered', error);
  });
}
