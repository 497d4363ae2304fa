// Light, dark, or as the system is.
import { kept } from './kept.svelte';

export type Theme = 'system' | 'light' | 'dark';
export const theme = kept<Theme>('theme', 'system');

export function wear(next: Theme): void {
  theme.value = next;
  const root = document.documentElement;
  if (next === 'system') delete root.dataset.theme;
  else root.dataset.theme = next;
}
