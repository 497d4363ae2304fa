// Texts in the person's language. One catalog for each area of the app (i18n/en/*.json is
// the list of what there is); an area's texts are loaded together with its screens.
import type { Key, Forms } from './texts';

type Text = string | Forms;
export type Lang = 'en' | 'de';
export const langs: Record<Lang, string> = { en: 'English', de: 'Deutsch' };

const catalogs = import.meta.glob<{ default: Record<string, Text> }>('../../i18n/*/*.json');
const texts = new Map<string, Text>();
const loaded = new Set<string>();

function wanted(): Lang {
  const kept = localStorage.getItem('lang');
  const all = [kept, ...navigator.languages].map((l) => l?.slice(0, 2).toLowerCase());
  return (all.find((l) => l && l in langs) ?? 'en') as Lang;
}

export const lang: Lang = wanted();
/** For Intl: the language with the region that the browser was set to, if it is the same. */
export const locale: string = navigator.languages.find((l) => l.startsWith(lang)) ?? lang;
const plural = new Intl.PluralRules(lang);

/** Loads the texts of an area, once. */
export async function loadTexts(area: string): Promise<void> {
  if (loaded.has(area)) return;
  const part = await catalogs[`../../i18n/${lang}/${area}.json`]?.();
  for (const [key, text] of Object.entries(part?.default ?? {})) texts.set(key, text);
  loaded.add(area);
}

/** Keeps another language; the app starts anew with it. */
export function speak(next: Lang): void {
  localStorage.setItem('lang', next);
  location.reload();
}

/** A text, with its holes filled. A text of several forms takes the one for `n`. */
export function t(key: Key, holes: Record<string, string | number> = {}): string {
  let text = texts.get(key);
  if (typeof text === 'object') text = text[plural.select(Number(holes.n ?? 0)) as keyof Forms] ?? text.other;
  return fill(text ?? key, holes);
}

/** Whether there is such a text: for words that the server may say and we may not know. */
export function known(key: string): key is Key {
  return texts.has(key);
}

export function fill(text: string, holes: Record<string, string | number>): string {
  return text.replace(/\{([a-z_]+)\}/g, (hole, name: string) => String(holes[name] ?? hole));
}
