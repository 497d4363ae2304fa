import { expect, test, vi } from 'vitest';

vi.stubGlobal('localStorage', { getItem: () => 'en' });
const { loadTexts } = await import('../../lib/i18n');
await loadTexts('core');
const { dayTime, seconds, sinceMidnight, wire, words } = await import('./durations');

test('a length of time is read as people write it', () => {
  expect(seconds('1h30m')).toBe(5400);
  expect(seconds('5 min')).toBe(300);
  expect(seconds('2d')).toBe(172_800);
  expect(seconds('10')).toBe(600);
  expect(seconds('soon')).toBeUndefined();
  expect(seconds('')).toBeUndefined();
});

test('and written as the server reads it', () => {
  expect(wire('90 s')).toBe('1m30s');
  expect(wire('2d')).toBe('48h');
  expect(wire('0')).toBe('0s');
  expect(wire('')).toBe('');
  expect(wire('soon')).toBe('soon');
  expect(words('1h30m')).toBe('1 h 30 min');
});

test('a moment of the day', () => {
  expect(dayTime('22h30m')).toBe('22:30');
  expect(sinceMidnight('08:05')).toBe('8h5m');
  expect(sinceMidnight('00:00')).toBe('0s');
});
