// The language of scenarios that come with the house: the app's.
import { lang } from '../../lib/i18n';

export const language = lang.startsWith('de') ? ('de' as const) : ('en' as const);
