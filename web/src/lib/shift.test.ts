import { expect, test } from 'vitest';
import { rings } from './shift.svelte';

test('high rings, low chimes, and what was silenced does neither', () => {
  const waiting = [{ id: 'a', priority: 'high' }, { id: 'b', priority: 'low' }, { id: 'c' }];
  expect(rings(waiting, new Set())).toEqual({ high: true, low: ['b'] });
  expect(rings(waiting, new Set(['a', 'c']))).toEqual({ high: false, low: ['b'] });
  expect(rings([], new Set())).toEqual({ high: false, low: [] });
});
