// Where on a timeline things stand, and what a clock shows there. Zones are the server's
// matter: its moments carry the digits of the zone that is looked from, and its days their
// length; here is only how long one moment is after another.
import type { Schemas } from '../../lib/api';
import { locale } from '../../lib/i18n';

export type View = Schemas['View'];
export type Segment = Schemas['ViewSegment'];
export type Day = Schemas['ViewDay'];

/** What is shown: whole civil days, in ms. */
export interface Axis {
  from: number;
  until: number;
  days: Day[];
}

const day = 86_400_000;
export const quarter = 900_000;
export const hour = 3_600_000;

/** A civil date some days later: calendar, not clock. */
export function addDays(date: string, n: number): string {
  return new Date(Date.parse(date + 'T00:00Z') + n * day).toISOString().slice(0, 10);
}

/** The Monday of a date's week. */
export function monday(date: string): string {
  return addDays(date, -((new Date(date + 'T00:00Z').getUTCDay() + 6) % 7));
}

export type Span = 'week' | 'two' | 'month';

/** The first day that is shown, and how many are. A month is shown in whole weeks. */
export function spanOf(span: Span, date: string): { first: string; days: number } {
  if (span !== 'month') return { first: monday(date), days: span === 'week' ? 7 : 14 };
  const first = monday(date.slice(0, 8) + '01');
  const next = addDays(date.slice(0, 8) + '28', 4).slice(0, 8) + '01';
  const length = (Date.parse(next + 'T00:00Z') - Date.parse(first + 'T00:00Z')) / day;
  return { first, days: Math.ceil(length / 7) * 7 };
}

/** A date in the span after this one, or before it. */
export function step(span: Span, date: string, by: 1 | -1): string {
  if (span !== 'month') return addDays(date, by * (span === 'week' ? 7 : 14));
  const first = date.slice(0, 8) + '01';
  return addDays(first, by > 0 ? 31 : -1).slice(0, 8) + '01';
}

export function axisOf(view: View, first: string, n: number): Axis | undefined {
  const last = addDays(first, n);
  const days = view.days.filter((d) => d.date >= first && d.date < last);
  if (!days.length) return undefined;
  return { from: Date.parse(days[0]!.from), until: Date.parse(days[days.length - 1]!.until), days };
}

/** Where something stands, in percent; nothing when it is not in sight. */
export function place(from: number, until: number, axis: Axis): { left: number; width: number } | undefined {
  const a = Math.max(from, axis.from);
  const b = Math.min(until, axis.until);
  if (b <= a) return undefined;
  const all = axis.until - axis.from;
  return { left: ((a - axis.from) / all) * 100, width: ((b - a) / all) * 100 };
}

/** The quarter of an hour next to a moment: in every zone the clock shows one there. */
export const snap = (at: number): number => Math.round(at / quarter) * quarter;

/** Rows for what overlaps: each stands in the first that is free. */
export function lanes(all: { from: string; until: string }[]): number[] {
  const ends: number[] = [];
  return all.map((s) => {
    const from = Date.parse(s.from);
    let lane = ends.findIndex((end) => end <= from);
    if (lane < 0) lane = ends.length;
    ends[lane] = Date.parse(s.until);
    return lane;
  });
}

/** The digits that a clock of the view's zone shows at a moment of the server. */
export const digits = (at: string): string => at.slice(0, 16);

/** The same of any moment in the days that are shown. On a day whose clock is set, the
    browser is asked; on others the day's beginning says it. */
export function reading(at: number, view: Pick<View, 'days' | 'zone'>): string {
  const d = view.days.find((d) => at >= Date.parse(d.from) && at < Date.parse(d.until));
  if (d && d.hours === 24) {
    const midnight = Date.parse(digits(d.from) + 'Z');
    return new Date(midnight + at - Date.parse(d.from)).toISOString().slice(0, 16);
  }
  const parts = new Intl.DateTimeFormat('sv-SE', {
    timeZone: view.zone,
    dateStyle: 'short',
    timeStyle: 'short',
  }).format(at);
  return parts.replace(' ', 'T');
}

const of = (how: Intl.DateTimeFormatOptions) => {
  const format = new Intl.DateTimeFormat(locale, { ...how, timeZone: 'UTC' });
  return (reading: string): string => format.format(Date.parse(reading.slice(0, 16) + 'Z'));
};

/** What is shown of a reading: its digits are kept as they are. */
export const say = {
  time: of({ hour: '2-digit', minute: '2-digit' }),
  moment: of({ weekday: 'short', day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' }),
  head: of({ weekday: 'short', day: 'numeric' }),
  day: of({ weekday: 'long', day: 'numeric', month: 'long' }),
  date: of({ day: 'numeric', month: 'short' }),
  month: of({ month: 'long', year: 'numeric' }),
};

/** "Mon, 23 Nov, 09:00 – 17:00", or with both days. */
export function range(from: string, until: string): string {
  const [a, b] = [digits(from), digits(until)];
  return `${say.moment(a)} – ${a.slice(0, 10) === b.slice(0, 10) ? say.time(b) : say.moment(b)}`;
}

/** What stands in the final row within a stretch, whom an override there would touch. */
export function within(final: Segment[], from: number, until: number): Segment[] {
  return final.filter((s) => Date.parse(s.from) < until && Date.parse(s.until) > from);
}

/** A segment of the final row in pieces: what comes from an override, and the rest of it,
    when the same people stand before or after by their turn. */
export function cut(s: Segment, view: Pick<View, 'overrides'>): { s: Segment; made: boolean }[] {
  const by = view.overrides
    .flatMap((o) => o.segments)
    .filter(
      (p) =>
        within([p], Date.parse(s.from), Date.parse(s.until)).length && p.people.some((who) => s.people.includes(who)),
    );
  const times = [s.from, s.until, ...by.flatMap((p) => [p.from, p.until])]
    .filter((at) => Date.parse(at) >= Date.parse(s.from) && Date.parse(at) <= Date.parse(s.until))
    .sort((a, b) => Date.parse(a) - Date.parse(b));
  const out: { s: Segment; made: boolean }[] = [];
  for (const [i, from] of times.entries()) {
    const until = times[i + 1];
    if (!until || Date.parse(until) === Date.parse(from)) continue;
    const made = within(by, Date.parse(from), Date.parse(until)).length > 0;
    const last = out.at(-1);
    if (last?.made === made) last.s = { ...last.s, until, cut_until: s.cut_until };
    else out.push({ s: { ...s, from, until, cut_from: !last && s.cut_from }, made });
  }
  return out.map((one, i) => ({ ...one, s: { ...one.s, cut_until: i === out.length - 1 && s.cut_until } }));
}
