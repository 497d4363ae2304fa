// Whether there is room for the side bar with its words.
import { MediaQuery } from 'svelte/reactivity';

export const wide = new MediaQuery('min-width: 1024px');
