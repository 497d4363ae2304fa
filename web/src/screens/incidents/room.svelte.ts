// One incident, with all that is known about it, as it changes.
import { api, ok, Problem, type Schemas } from '../../lib/api';
import type { Incident } from '../../lib/incidents';
import { live, type LiveEvent } from '../../lib/live.svelte';

export type Whole = Schemas['WholeIncident'];
export type Line = Schemas['Line'];
export type Paged = Schemas['PagedPerson'];
export type Alert = Schemas['Alert'];

export class RoomState {
  incident = $state.raw<Whole | undefined>();
  lines = $state.raw<Line[]>([]);
  people = $state.raw<Paged[]>([]);
  alerts = $state.raw<Alert[]>([]);
  problem = $state.raw<Problem | undefined>();
  private again = 0;

  constructor(readonly id: string) {}

  /** Reads everything and begins to listen; the answer ends it. */
  begin(): () => void {
    void this.read();
    const mine = (hear: (e: LiveEvent) => void) => (e: LiveEvent) => {
      if (e.id === this.id) hear(e);
    };
    const stops = [
      live.on(
        'incident',
        mine((e) => this.heard(e)),
      ),
      live.on(
        'pages',
        mine(() => this.soon()),
      ),
      live.onResync(() => void this.read()),
      () => clearTimeout(this.again),
    ];
    return () => stops.forEach((stop) => stop());
  }

  async read(): Promise<void> {
    const params = { params: { path: { id: this.id } } };
    try {
      const [incident, lines, people, alerts] = await Promise.all([
        ok(api.GET('/api/v1/incidents/{id}', params)),
        ok(api.GET('/api/v1/incidents/{id}/timeline', params)),
        ok(api.GET('/api/v1/incidents/{id}/people', params)),
        ok(api.GET('/api/v1/incidents/{id}/alerts', params)),
      ]);
      this.incident = incident;
      this.lines = lines.items;
      this.people = people.items;
      this.alerts = alerts.items;
      this.problem = undefined;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    }
  }

  /** What was told is shown at once; what hangs together with it is read a moment later. */
  private heard(e: LiveEvent): void {
    if (e.incident && this.incident) this.incident = { ...this.incident, ...cleared(e.incident) };
    const known = new Set(this.lines.map((l) => l.id));
    const fresh = (e.lines ?? []).filter((l) => !known.has(l.id));
    if (fresh.length)
      this.lines = [...this.lines, ...fresh].sort((a, b) => a.at.localeCompare(b.at) || a.id.localeCompare(b.id));
    this.soon();
  }

  private soon(): void {
    clearTimeout(this.again);
    this.again = window.setTimeout(() => void this.read(), 400);
  }
}

/** A brief incident over a whole one: what it leaves out is no longer so. */
function cleared(brief: Incident): Incident {
  const none = {
    owner: undefined,
    owner_name: undefined,
    owned_at: undefined,
    ack_until: undefined,
    snooze_until: undefined,
    held: undefined,
  };
  return { ...none, next: undefined, waits_for: undefined, resolved_at: undefined, ...brief };
}
