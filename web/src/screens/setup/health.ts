// How services are, as their open incidents tell.
import { all, api, ok, type Schemas } from '../../lib/api';

export type Incident = Schemas['Incident'];
export type Service = Schemas['Service'];

export interface Health {
  /** Its own open incidents, the worst first. */
  open: Incident[];
  /** What it depends on, directly or not, that is not well. */
  because: string[];
  state: 'ok' | 'trouble' | 'upstream';
}

export const openIncidents = (): Promise<Incident[]> =>
  all((cursor) => ok(api.GET('/api/v1/incidents', { params: { query: { open: true, limit: 200, cursor } } })));

const worst = (a: Incident, b: Incident) => (a.severity ?? 'SEV9').localeCompare(b.severity ?? 'SEV9');

/** The health of every service. */
export function healthOf(services: Service[], open: Incident[]): Map<string, Health> {
  const own = new Map<string, Incident[]>();
  for (const i of open) if (i.service) own.set(i.service, [...(own.get(i.service) ?? []), i]);
  const needs = new Map(services.map((s) => [s.id ?? '', s.depends_on ?? []]));
  const out = new Map<string, Health>();
  for (const id of needs.keys()) {
    const mine = (own.get(id) ?? []).sort(worst);
    const because = upstream(id, needs).filter((other) => own.has(other));
    out.set(id, { open: mine, because, state: mine.length ? 'trouble' : because.length ? 'upstream' : 'ok' });
  }
  return out;
}

/** Everything that a service depends on, the nearest first; circles end by themselves. */
export function upstream(id: string, needs: Map<string, string[]>): string[] {
  const seen = new Set([id]);
  const queue = [...(needs.get(id) ?? [])];
  const found: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (seen.has(next)) continue;
    seen.add(next);
    found.push(next);
    queue.push(...(needs.get(next) ?? []));
  }
  return found;
}
