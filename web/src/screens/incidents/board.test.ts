import { expect, test, vi } from 'vitest';
import type { Incident } from '../../lib/incidents';
import { live } from '../../lib/live.svelte';
import { Board } from './board.svelte';

const incident = (id: string, status: Incident['status'] = 'triggered', title = `disk ${id}`): Incident => ({
  id,
  title,
  status,
  alerts: 1,
  lines: 1,
  opened_at: '2026-11-28T02:00:00Z',
  changed_at: '2026-11-28T02:00:00Z',
});
const tell = (i: Incident) => live.tellHere({ topic: 'incident', id: i.id, incident: i });
const shown = (board: Board) => board.groups.flatMap((g) => g.rows.map((i) => `${g.name} ${i.id} ${i.status}`));

/** Lists that are answered when somebody lets them. */
function server() {
  const waits: (() => void)[] = [];
  let rows: Incident[] = [];
  vi.stubGlobal('fetch', (request: Request) => {
    const wanted = new URL(request.url).searchParams;
    const status = wanted.get('status')?.split(',') ?? [];
    const items = rows.filter((i) => status.includes(i.status) && !wanted.get('calling'));
    return new Promise<Response>((answer) => waits.push(() => answer(Response.json({ items }))));
  });
  return {
    has: (...all: Incident[]) => (rows = all),
    answer: async () => {
      await vi.waitFor(() => expect(waits.length).toBe(3));
      waits.splice(0).forEach((go) => go());
    },
  };
}

test('what is told while the list is read is not lost to an answer from before', async () => {
  const house = server();
  house.has(incident('a'));
  const board = new Board({ q: 'disk' });
  const end = board.begin();
  const reading = board.narrow({ q: 'disk' });
  await vi.waitFor(() => undefined);
  tell(incident('a', 'acknowledged'));
  tell(incident('b'));
  tell(incident('c', 'triggered', 'latency'));
  await house.answer();
  await reading;
  expect(shown(board)).toEqual(['progress b triggered', 'progress a acknowledged']);
  end();
});

test('nothing moves while somebody is at it: what is new waits, and is counted', async () => {
  const house = server();
  house.has(incident('a'));
  const board = new Board({});
  const end = board.begin();
  const reading = board.narrow({});
  await house.answer();
  await reading;
  board.touched();
  tell(incident('b'));
  tell(incident('a', 'resolved'));
  expect(board.news).toBe(1);
  expect(shown(board)).toEqual(['progress a resolved']); // in its place, as it is now
  board.settle();
  expect(shown(board)).toEqual(['progress b triggered', 'quiet a resolved']);
  end();
});
