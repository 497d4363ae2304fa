// Where what is answered in a form leads, by the matrix of the settings.
import type { Schemas } from '../../lib/api';

export interface Leads {
  service?: string;
  category?: string;
  impact?: string;
  urgency?: string;
}

/** Where both lead, one after the other: what the second leaves out stays. */
export const joined = (a: Leads, b: Leads): Leads => ({
  service: b.service || a.service,
  category: b.category || a.category,
  impact: b.impact || a.impact,
  urgency: b.urgency || a.urgency,
});

/** The severity by the first row of the matrix that fits; SEV3 when none does. */
export function severity(l: Leads, matrix: Schemas['Matrix'] | undefined | null): string {
  const fits = (want: string | undefined, is: string | undefined) =>
    !want || want.toLowerCase() === (is ?? '').toLowerCase();
  const row = matrix?.rows?.find(
    (r) => fits(r.category, l.category) && fits(r.impact, l.impact) && fits(r.urgency, l.urgency),
  );
  return row?.severity ?? 'SEV3';
}

/** An id of its own among others. */
export function own(wanted: string, taken: Set<string>): string {
  let id = wanted;
  for (let n = 2; taken.has(id); n++) id = `${wanted}-${n}`;
  taken.add(id);
  return id;
}
