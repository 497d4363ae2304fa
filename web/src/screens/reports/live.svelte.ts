// A report that is read again when the address changes or the house has counted more: at
// once, and then at most every few seconds.
import { onDestroy } from 'svelte';
import { live } from '../../lib/live.svelte';
import { Loaded } from '../../lib/load.svelte';

const calm = 4000; // ms between two readings

export function follow<T>(read: () => Promise<T>): Loaded<T> {
  const loaded = new Loaded(read);
  let last = 0;
  let wait = 0;
  const again = () => {
    if (wait) return;
    wait = window.setTimeout(
      () => {
        wait = 0;
        last = Date.now();
        if (!document.hidden) void loaded.again();
      },
      Math.max(0, last + calm - Date.now()),
    );
  };
  const seen = () => !document.hidden && again();
  document.addEventListener('visibilitychange', seen);
  const stops = [live.on('figures', again), live.onResync(again)];
  onDestroy(() => {
    clearTimeout(wait);
    document.removeEventListener('visibilitychange', seen);
    stops.forEach((stop) => stop());
  });
  return loaded;
}
