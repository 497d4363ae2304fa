import { expect, test } from 'vitest';
import { loadTexts } from '../../lib/i18n';
import { foldText, itemsOf, said } from './lines';
import type { Line } from './room.svelte';

await Promise.all([loadTexts('core'), loadTexts('room')]);

const at = (minute: number) => new Date(Date.UTC(2026, 10, 27, 2, minute)).toISOString();
const line = (minute: number, kind: string, fact: object = {}): Line => ({
  at: at(minute),
  id: `${minute}`,
  kind,
  text: `server: ${kind}`,
  fact,
});
const lines = [
  line(0, 'alert.opened', { title: 'db-1 is down' }),
  line(1, 'escalate.asked', { policy: 'dba' }),
  line(1, 'page.sent'),
  line(2, 'page.delivered'),
  line(3, 'alert.joined', { title: 'x', alerts: 2 }),
  line(4, 'escalate.acknowledged'),
  line(5, 'page.cancelled'),
  line(6, 'investigate.noted', { text: 'hm' }),
];

test('what is of little news is folded, and only when it is much', () => {
  const items = itemsOf(lines, 'main');
  expect(items.map((i) => i.line?.kind ?? i.folded?.length)).toEqual([
    'alert.opened',
    4,
    'escalate.acknowledged',
    'page.cancelled',
    'investigate.noted',
  ]);
  expect(foldText(items[1]?.folded ?? [])).toContain('1 alert, 2 pages, 1 step');
});

test('all is all, and filters keep their own', () => {
  expect(itemsOf(lines, 'all')).toHaveLength(lines.length);
  expect(itemsOf(lines, 'alerts').map((i) => i.line?.kind)).toEqual(['alert.opened', 'alert.joined']);
});

test('a new day is said once', () => {
  const next = [
    ...lines,
    { ...line(0, 'resolve.resolved'), at: '2026-11-29T10:00:00Z' },
    { ...line(1, 'review.closed'), at: '2026-11-29T11:00:00Z' },
  ];
  expect(itemsOf(next, 'all').filter((i) => i.day)).toHaveLength(1);
});

test('a fact that we have no words for is told in the words of the server', () => {
  expect(said(line(0, 'review.invented'))).toBe('server: review.invented');
  expect(said(line(0, 'escalate.called', { level: 1, calls: [{ person: 'jane' }, { email: 'a@b.c' }] }))).toBe(
    'Level 2: calling jane, a@b.c',
  );
});
