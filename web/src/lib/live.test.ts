import { expect, test, vi } from 'vitest';
import { live, Parser } from './live.svelte';

const stream =
  'retry: 2000\nid: 7-a\n\n: \n\nid: 8-b\nevent: incident\ndata: {"topic":"incident",\ndata: "id":"x"}\n\nevent: resync\ndata: {}\n\n';

// Wherever the network cuts it, the same comes out.
test('an event stream is read in any pieces', () => {
  for (let size = 1; size < stream.length; size++) {
    const got: string[][] = [];
    const parser = new Parser((...all) => got.push(all));
    for (let i = 0; i < stream.length; i += size) parser.feed(stream.slice(i, i + size));
    expect(got.filter(([, , data]) => data)).toEqual([
      ['8-b', 'incident', '{"topic":"incident",\n"id":"x"}'],
      ['8-b', 'resync', '{}'],
    ]);
    expect(got[0]).toEqual(['7-a', '', '']);
  }
});

/** A stream that says something and is cut. */
const cut = (text: string) =>
  new Response(
    new ReadableStream({
      start(c) {
        c.enqueue(new TextEncoder().encode(text));
        c.close();
      },
    }),
  );
const hello = (id: string) => `retry: 2000\nid: ${id}\nevent: hello\ndata: {"version":"x"}\n\n`;
const told = (id: string) => `id: ${id}\nevent: incident\ndata: {"topic":"incident","id":"${id}"}\n\n`;

test('nothing is missed when the line is cut: a greeting alone is no place to go on from', async () => {
  vi.useFakeTimers();
  const asked: (string | null)[] = [];
  const heard: string[] = [];
  let resyncs = 0;
  const answers = [hello('5'), hello('9'), hello('9') + told('7') + told('8'), hello('9')];
  vi.stubGlobal('fetch', async (url: string, init?: RequestInit) => {
    if (!url.endsWith('/events')) return new Response('x');
    asked.push(new Headers(init?.headers).get('Last-Event-ID'));
    return cut(answers[asked.length - 1] ?? hello('9'));
  });
  live.on('incident', (e) => heard.push(e.id));
  live.onResync(() => resyncs++);
  live.start();
  for (let wait = 0; asked.length < 4 && wait < 30; wait++) await vi.advanceTimersByTimeAsync(1000);
  live.stop();
  vi.useRealTimers();
  expect(asked.slice(0, 4)).toEqual([null, '5', '5', '8']);
  expect(heard).toEqual(['7', '8']);
  expect(resyncs).toBe(1); // what came before the first greeting
});
