// Being on shift in this browser: an open page rings for what waits for oneself.
import { kept } from './kept.svelte';

export const onShift = kept('on-shift', false);

/** Which incidents ring, given those that rang already and were silenced. */
export function rings(
  waiting: { id: string; priority?: string }[],
  silenced: ReadonlySet<string>,
): { high: boolean; low: string[] } {
  const left = waiting.filter((i) => !silenced.has(i.id));
  return {
    high: left.some((i) => i.priority !== 'low'),
    low: left.filter((i) => i.priority === 'low').map((i) => i.id),
  };
}
