// Layers as a form has them, and as the API does. A layer in the short form (people, every,
// from, hours) can be edited field by field; any other is kept as it is, as text.
import type { Schemas } from '../../lib/api';

export type Layer = Schemas['Layer'];
export const units = ['hour', 'day', 'week', 'month'] as const;
export type Unit = (typeof units)[number];
export const weekdays = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

export interface Hours {
  days: boolean[];
  from: string;
  to: string;
}

export interface LayerForm {
  key: number;
  id: string;
  role: string;
  band: string;
  people: string[];
  n: string;
  unit: Unit;
  /** A reading of the layer's clock: the first handoff. */
  from: string;
  hours: Hours[];
  /** What has no fields here, kept. */
  rest: Partial<Layer>;
  /** JSON, of a layer that is written at length. */
  raw?: string;
}

let keys = 0;

/** "Mon-Fri 09:00-17:00" as days and times; nothing, if it is no such line. */
export function parseHours(line: string): Hours | undefined {
  const [, days = '', from, to] = /^(?:(.+) )?(\d\d:\d\d)-(\d\d:\d\d)$/.exec(line.trim()) ?? [];
  if (!from || !to) return undefined;
  const on = weekdays.map(() => !days);
  for (const part of days ? days.split(',') : []) {
    const [a, b] = part.split('-').map((d) => weekdays.indexOf(d.trim().slice(0, 3) as 'Mon'));
    if (a === undefined || a < 0 || (b !== undefined && b < 0)) return undefined;
    for (let d = a; ; d = (d + 1) % 7) {
      on[d] = true;
      if (d === (b ?? a)) break;
    }
  }
  return { days: on, from, to };
}

/** The same as a line; days that follow each other as a span. */
export function writeHours({ days, from, to }: Hours): string {
  const hours = `${from}-${to}`;
  if (days.every(Boolean)) return hours;
  const spans: string[] = [];
  for (let d = 0; d < 7; d++) {
    if (!days[d] || (d > 0 && days[d - 1])) continue;
    let end = d;
    while (days[end + 1]) end++;
    spans.push(end > d ? `${weekdays[d]}-${weekdays[end]}` : weekdays[d]!);
  }
  return `${spans.join(',')} ${hours}`;
}

export function newLayer(id: string, from: string, people: string[] = []): LayerForm {
  return { key: ++keys, id, role: '', band: '', people, n: '1', unit: 'week', from, hours: [], rest: {} };
}

/** A layer with fields, or with its text where fields do not do. */
export function read(layer: Layer): LayerForm {
  const { id, role, band, people, every, from, hours, ...rest } = layer;
  const form = {
    ...newLayer(id, (from ?? '').slice(0, 16), people ?? []),
    role: role ?? '',
    band: band ? String(band) : '',
    rest,
  };
  const turns = every ? /^(?:(\d+) )?(hour|day|week|month)s?$/.exec(every) : ['', '1', 'week'];
  const lines = (hours ?? []).map(parseHours);
  const long = rest.slots || rest.turn?.kind || rest.cover?.kind;
  const offset = /Z$|[+-]\d\d:\d\d$/.test(from ?? ''); // an instant is no reading
  if (long || !turns || offset || lines.some((l) => !l)) return { ...form, raw: JSON.stringify(layer, null, 2) };
  return { ...form, n: turns[1] ?? '1', unit: (turns[2] ?? 'week') as Unit, hours: lines as Hours[] };
}

/** A layer for the API. Throws a SyntaxError where its text is no JSON. */
export function write(form: LayerForm): Layer {
  if (form.raw !== undefined) return JSON.parse(form.raw) as Layer;
  const one = form.people.length < 2;
  const { turn: _, cover: __, slots: ___, ...rest } = form.rest;
  return {
    ...rest,
    id: form.id,
    role: form.role || undefined,
    band: Number(form.band) || undefined,
    people: form.people,
    every: one && !form.from ? undefined : `${form.n || '1'} ${form.unit}${form.n === '1' ? '' : 's'}`,
    from: form.from || undefined,
    hours: form.hours.length ? form.hours.map(writeHours) : undefined,
  };
}
