// Which texts there are. An area of screens adds its catalog here.
import type core from '../../i18n/en/core.json';
import type setup from '../../i18n/en/setup.json';

export interface Forms {
  one?: string;
  other: string;
}

export type Key = keyof typeof core | keyof typeof setup;
