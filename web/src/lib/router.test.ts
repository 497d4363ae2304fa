import { expect, test } from 'vitest';
import { match } from './router.svelte';

const screen = (path: string) => ({ path, area: 'core', load: async () => ({ default: null as never }) });
const routes = ['/', '/incidents', '/incidents/:id', '/teams/:id/members/:person'].map(screen);

test('a path finds its route, and what stands in the holes', () => {
  expect(match(routes, '/')?.route.path).toBe('/');
  expect(match(routes, '/incidents/')?.route.path).toBe('/incidents');
  expect(match(routes, '/incidents/01ab')?.params).toEqual({ id: '01ab' });
  expect(match(routes, '/teams/dba/members/jane%20d')?.params).toEqual({ id: 'dba', person: 'jane d' });
});

test('what is not there has none', () => {
  expect(match(routes, '/incidents/1/2')).toBeUndefined();
  expect(match(routes, '/nowhere')).toBeUndefined();
});
