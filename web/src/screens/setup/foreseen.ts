// What a policy would do, as the engine foresees it.
import type { Schemas } from '../../lib/api';

export type Foreseen = Schemas['Foreseen'];

export interface Call {
  person: string;
  via: string;
  why?: string;
}

interface CalledFact {
  level?: number;
  round?: number;
  calls?: Call[];
}

/** What a line of a preview says, field by field. */
export const factOf = (f: Foreseen): CalledFact => (f.fact ?? {}) as CalledFact;

/** Whom the first level that reaches somebody calls at once. */
export function calledNow(items: Foreseen[]): Call[] {
  const first = items.find((f) => f.kind === 'escalate.called');
  if (!first || first.at !== items[0]?.at) return [];
  return factOf(first).calls ?? [];
}
