import { expect, test, vi } from 'vitest';

vi.stubGlobal('localStorage', { getItem: () => 'de' });
const { fill, lang, loadTexts, t } = await import('./i18n');
await Promise.all(['core', 'signin'].map(loadTexts));

test('the language that was chosen beats the browser', () => {
  expect(lang).toBe('de');
  expect(t('signin.title')).toBe('Anmelden');
});

test('a text takes the form for its number, and its holes are filled', () => {
  expect(t('nav.needs', { n: 1 })).toBe('1 wartet auf dich');
  expect(t('nav.needs', { n: 3 })).toBe('3 warten auf dich');
  expect(fill('{a} and {b}', { a: 1 })).toBe('1 and {b}');
});
