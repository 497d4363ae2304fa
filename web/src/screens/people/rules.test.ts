import { expect, test } from 'vitest';
import { loadTexts } from '../../lib/i18n';
import { join, of, seconds, sentence, type Rule } from './rules';

await Promise.all([loadTexts('core'), loadTexts('people')]);

test('lengths', () => {
  expect(seconds('1h30m')).toBe(5400);
  expect(seconds('90s')).toBe(90);
  expect(seconds(undefined)).toBe(0);
});

test('two lists are one, and come apart again', () => {
  const all: Rule[] = [
    { method: 'mail' },
    { method: 'phone', after: '3m', priority: 'high' },
    { method: 'chat', priority: 'low' },
  ];
  const [high, low] = [of(all, 'high'), of(all, 'low')];
  expect(high.map((r) => r.method)).toEqual(['mail', 'phone']);
  expect(low.map((r) => r.method)).toEqual(['mail', 'chat']);
  expect(join(high, low)).toEqual([
    { method: 'mail', priority: undefined },
    { method: 'phone', after: '3m', priority: 'high' },
    { method: 'chat', priority: 'low' },
  ]);
});

test('rules are a sentence', () => {
  const rules: Rule[] = [{ method: 'mail' }, { method: 'phone', after: '3m', every: '5m' }];
  expect(sentence(rules, (m) => m)).toBe('At once mail; after 3 min phone (again every 5 min until you answer).');
});
