import { expect, test } from 'vitest';
import { routes as pictured } from '../e2e/routes.mjs';
import { match } from './lib/router.svelte';
import { places, routes } from './routes';

// A screen that nobody has looked at has faults that nobody has seen.
test('every route is looked at by axe and in pictures', () => {
  const ids = new Proxy({}, { get: () => 'x' });
  const seen = pictured.map((p) => match(routes, p.path(ids).split('?')[0]!)?.route.path);
  const missing = routes.map((r) => r.path).filter((path) => path !== '/' && !seen.includes(path));
  expect(missing).toEqual([]);
});

test('what the bars lead to is there, and no two keys are the same', () => {
  expect(places.filter((p) => !match(routes, p.path))).toEqual([]);
  expect(new Set(places.map((p) => p.key)).size).toBe(places.length);
});
