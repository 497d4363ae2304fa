// The service worker: what is read offline, and what a push shows.
import { base } from './base';
import { router } from './router.svelte';
import { trusted } from './trusted';

export function registerWorker(): void {
  if (!('serviceWorker' in navigator) || import.meta.env.DEV) return;
  // A notification was tapped while the app was open.
  navigator.serviceWorker.addEventListener('message', (e: MessageEvent<{ go?: string }>) => {
    if (e.data?.go) router.go(e.data.go);
  });
  navigator.serviceWorker
    .register(trusted.createScriptURL(`${base}/sw.js`), { scope: `${base}/` })
    .catch((error: unknown) => {
      console.warn('the service worker could not be registered', error);
    });
}
