import { expect, test } from 'vitest';
import { loadTexts } from '../../lib/i18n';
import { diff, words } from './diff';

await loadTexts('people');

test('what changed is said, what did not is not', () => {
  const was = { version: 1, name: 'Jane', zone: 'UTC', methods: [{ id: 'phone', channel: 'sms', address: '+1' }] };
  const now = {
    version: 2,
    name: 'Jane Doe',
    role: 'admin',
    methods: [
      { id: 'mail', channel: 'email' },
      { id: 'phone', channel: 'sms', address: '+2' },
    ],
  };
  expect(diff(was, now).map(words)).toEqual([
    'name: Jane is now Jane Doe',
    'zone: UTC was taken away',
    'methods phone › address: +1 is now +2',
    'role: admin',
    'methods mail › channel: email',
  ]);
  expect(diff({ people: ['a', 'b'] }, { people: ['b', 'a'] }).map(words)).toEqual(['people: a, b is now b, a']);
  expect(diff(undefined, { name: 'X' }).map(words)).toEqual(['name: X']);
});
