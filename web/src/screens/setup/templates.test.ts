import { expect, test, vi } from 'vitest';

vi.stubGlobal('localStorage', { getItem: () => 'en' });
const { loadTexts } = await import('../../lib/i18n');
await loadTexts('setup');
const { moved, tidied, usual } = await import('./templates');

test('a section moves by one, and not over the ends', () => {
  expect(moved(['a', 'b', 'c'], 2, -1)).toEqual(['a', 'c', 'b']);
  expect(moved(['a', 'b', 'c'], 0, 1)).toEqual(['b', 'a', 'c']);
  expect(moved(['a', 'b'], 0, -1)).toEqual(['a', 'b']);
  expect(moved(['a', 'b'], 1, 1)).toEqual(['a', 'b']);
});

test('what says nothing is left out', () => {
  expect(tidied([])).toBeUndefined();
  expect(
    tidied([{ id: 'x', name: ' ', severities: [], sections: [{ id: 's', title: 'S', ask: '', for: [] }] }]),
  ).toEqual([{ id: 'x', sections: [{ id: 's', title: 'S' }] }]);
});

test('a new template begins with the usual sections', () => {
  expect(usual().map((s) => s.title)).toContain('Contributing factors');
  expect(usual().every((s) => s.ask && !s.ask.startsWith('retros.'))).toBe(true);
});
