import { expect, test, vi } from 'vitest';
import { address, api, call, ok, Problem } from './api';

test('an address has its holes filled and says what was asked', () => {
  expect(address('/api/v1/teams/{id}', { path: { id: 'a/b c' } })).toBe('/api/v1/teams/a%2Fb%20c');
  expect(address('/x', { query: { q: 'db & co', status: ['triggered', 'snoozed'], none: undefined, all: [] } })).toBe(
    '/x?q=db%20%26%20co&status=triggered%2Csnoozed',
  );
  expect(address('/x', { query: { limit: 0, open: false } })).toBe('/x?limit=0&open=false');
});

test('a body is sent as JSON under the headers that were asked for, a file as it is, and nothing is undefined', async () => {
  const sent: Request[] = [];
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push(request);
    return request.method === 'DELETE' ? new Response(null, { status: 204 }) : Response.json({ id: 'dba' });
  });
  const params = { path: { id: 'dba' }, header: { 'If-Match': '"3"' } };
  expect(await ok(api.PUT('/api/v1/teams/{id}', { params, body: { id: 'dba', name: 'DBA' } }))).toEqual({ id: 'dba' });
  expect(sent[0]!.url).toMatch(/\/api\/v1\/teams\/dba$/);
  expect(sent[0]!.headers.get('If-Match')).toBe('"3"');
  expect(sent[0]!.headers.get('Content-Type')).toBe('application/json');
  expect(await sent[0]!.json()).toEqual({ id: 'dba', name: 'DBA' });
  expect(await call('DELETE', '/api/v1/session')).toBeUndefined();
  await call('POST', '/x', new Blob(['picture'], { type: 'image/png' }));
  expect(sent[2]!.headers.get('Content-Type')).toBe('image/png');
  expect(await sent[2]!.text()).toBe('picture');
});

test('a fault says what is wrong with which field', async () => {
  const errors = [{ location: 'body.levels[0].wait', message: 'is no duration' }];
  vi.stubGlobal('fetch', async () => Response.json({ detail: 'no', errors }, { status: 422 }));
  const problem = (await call('POST', '/x', {}).catch((e: unknown) => e)) as Problem;
  expect(problem).toBeInstanceOf(Problem);
  expect(problem.fields).toEqual({ 'levels[0].wait': 'is no duration' });
  vi.stubGlobal('fetch', async () => Promise.reject(new TypeError('no network')));
  expect(((await call('GET', '/x').catch((e: unknown) => e)) as Problem).offline).toBe(true);
});
