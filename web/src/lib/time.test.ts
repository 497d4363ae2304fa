import { expect, test } from 'vitest';
import { loadTexts } from './i18n';
import { age, countdown, lasted } from './time.svelte';

await loadTexts('core');

test('what is left, exactly', () => {
  expect(countdown(108_000, 0)).toBe('1:48');
  expect(countdown(7_500_000, 0)).toBe('2:05:00');
  expect(countdown(1999, 0)).toBe('0:01');
  expect(countdown(0, 5000)).toBe('0:00');
});

test('how long ago, roughly', () => {
  expect(age(0, 59_000)).toBe('now');
  expect(age(0, 119_000)).toBe('1 min');
  expect(age(0, 47 * 3_600_000)).toBe('47 h');
  expect(age(0, 49 * 3_600_000)).toBe('2 d');
});

test('a length of time in words', () => {
  expect(lasted(82_000)).toBe('1 min 22 s');
  expect(lasted(0)).toBe('0 s');
  expect(lasted(90_061_000)).toBe('1 d 1 h');
});
