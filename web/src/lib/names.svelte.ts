// What ids are called: people, services, teams and the rest of the set-up, read once and
// again when it changes.
import { all, api, ok } from './api';
import { live } from './live.svelte';

const kinds = ['people', 'services', 'teams', 'policies', 'schedules', 'integrations'] as const;
export type Kind = (typeof kinds)[number];
export interface Named {
  id: string;
  name: string;
}
const topics: Record<Kind, string> = {
  people: 'config/person',
  services: 'config/service',
  teams: 'config/team',
  policies: 'config/policy',
  schedules: 'config/schedule',
  integrations: 'config/integration',
};

class Names {
  private lists = $state.raw<Partial<Record<Kind, Map<string, Named>>>>({});
  private asked = new Set<Kind>();

  /** Everything of a kind, by name. */
  list(kind: Kind): Named[] {
    this.want(kind);
    return [...(this.lists[kind]?.values() ?? [])];
  }

  of(kind: Kind, id: string | undefined | null): string {
    if (!id) return '';
    this.want(kind);
    return this.lists[kind]?.get(id)?.name || id;
  }

  person(id: string | undefined | null): string {
    return this.of('people', id);
  }

  /** A target as people say it: "schedule:primary" is the schedule's name. */
  target(text: string): string {
    const [kind = '', id = ''] = text.includes(':') ? text.split(/:(.*)/s) : ['person', text];
    const plural = { person: 'people', team: 'teams', schedule: 'schedules', policy: 'policies', service: 'services' }[
      kind
    ] as Kind | undefined;
    return plural ? this.of(plural, id) : id;
  }

  private want(kind: Kind): void {
    if (this.asked.has(kind)) return;
    this.asked.add(kind);
    queueMicrotask(() => void this.read(kind)); // not while something is drawn
    live.on(topics[kind], () => void this.read(kind));
    live.onResync(() => void this.read(kind));
  }

  private async read(kind: Kind): Promise<void> {
    try {
      const items = await all<{ id?: string; name?: string }>((cursor) =>
        ok(api.GET(`/api/v1/${kind}`, { params: { query: { limit: 200, cursor } } })),
      );
      const named = items.map((i) => ({ id: i.id ?? '', name: i.name || i.id || '' }));
      named.sort((a, b) => a.name.localeCompare(b.name));
      this.lists = { ...this.lists, [kind]: new Map(named.map((n) => [n.id, n])) };
    } catch {
      this.asked.delete(kind); // ids are shown meanwhile
    }
  }
}

export const names = new Names();
