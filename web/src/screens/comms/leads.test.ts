import { expect, test } from 'vitest';
import { joined, own, severity } from './leads';

const matrix = {
  rows: [
    { category: 'Building', impact: 'high', severity: 'SEV2' },
    { category: 'building', severity: 'SEV4' },
  ],
} as never;

test('answers lead on, one after the other', () => {
  expect(joined({ service: 'a', impact: 'low' }, { impact: 'high' })).toEqual({
    service: 'a',
    impact: 'high',
    category: undefined,
    urgency: undefined,
  });
});

test('the first row that fits decides, whatever the case of its words', () => {
  expect(severity({ category: 'building', impact: 'HIGH' }, matrix)).toBe('SEV2');
  expect(severity({ category: 'building' }, matrix)).toBe('SEV4');
  expect(severity({ impact: 'high' }, matrix)).toBe('SEV3');
  expect(severity({}, undefined)).toBe('SEV3');
});

test('an id stands once', () => {
  const taken = new Set(['a']);
  expect([own('a', taken), own('a', taken), own('b', taken)]).toEqual(['a-2', 'a-3', 'b']);
});
