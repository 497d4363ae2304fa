import { expect, test } from 'vitest';
import { Parser } from './live.svelte';

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
