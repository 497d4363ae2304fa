// The matrix as it is written, and how it is edited.
import type { Schemas } from '../../lib/api';
import { seconds, wire } from '../setup/durations';

export type Matrix = Schemas['Matrix'];
export type Row = Schemas['MatrixRow'];
export type Asks = Schemas['Response'];

export const severities = ['SEV1', 'SEV2', 'SEV3', 'SEV4', 'SEV5'] as const;

/** Words with commas between. */
export const words = (text: string): string[] =>
  text
    .split(',')
    .map((w) => w.trim())
    .filter(Boolean);

const some = <T>(list: T[] | null | undefined): T[] | undefined => (list?.length ? list : undefined);

/** Without what says nothing, in one order, so that two can be compared; none: no matrix. */
export function tidy(m: Matrix | undefined | null): Matrix | undefined {
  const asked: Record<string, Asks> = {};
  for (const s of severities) {
    const a = m?.severities?.[s];
    const one: Asks = {
      priority: a?.priority || undefined,
      policy: a?.policy || undefined,
      update_every: a?.update_every ? wire(a.update_every) : undefined,
      roles: some(a?.roles?.map((r) => r.trim()).filter(Boolean)),
      acknowledge: a?.acknowledge ? wire(a.acknowledge) : undefined,
      resolve: a?.resolve ? wire(a.resolve) : undefined,
    };
    if (Object.values(one).some((v) => v !== undefined)) asked[s] = one;
  }
  const out: Matrix = {
    impacts: some(m?.impacts),
    urgencies: some(m?.urgencies),
    rows: some(
      m?.rows?.map((r) => ({
        category: r.category?.trim() || undefined,
        impact: r.impact || undefined,
        urgency: r.urgency || undefined,
        severity: r.severity,
      })),
    ),
    severities: Object.keys(asked).length ? asked : undefined,
  };
  return Object.values(out).some((v) => v !== undefined) ? out : undefined;
}

/** What can be told without the server: field by field, a key of the texts. */
export function faults(m: Matrix | undefined): Record<string, 'matrix.wrong.row' | 'wrong.duration'> {
  const wrong: Record<string, 'matrix.wrong.row' | 'wrong.duration'> = {};
  m?.rows?.forEach((r, i) => {
    if (!r.category && !r.impact && !r.urgency) wrong[`rows[${i}]`] = 'matrix.wrong.row';
  });
  for (const [s, a] of Object.entries(m?.severities ?? {})) {
    for (const field of ['update_every', 'acknowledge', 'resolve'] as const)
      if (a[field] && !seconds(a[field])) wrong[`severities.${s}.${field}`] = 'wrong.duration';
  }
  return wrong;
}

/** What one severity asks for, changed; what says nothing is left out. */
export function asking(m: Matrix, severity: string, change: Partial<Asks>): Matrix {
  return { ...m, severities: { ...m.severities, [severity]: { ...m.severities?.[severity], ...change } } };
}
