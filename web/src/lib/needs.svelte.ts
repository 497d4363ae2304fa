// How many incidents wait for the one who is signed in: the red number.
import { all, api, ok, type Schemas } from './api';
import { live } from './live.svelte';
import { session } from './session.svelte';

class Needs {
  private ids = $state.raw<ReadonlySet<string>>(new Set());
  private whose = '';

  get count(): number {
    this.begin();
    return this.ids.size;
  }

  private begin(): void {
    const me = session.me?.person ?? '';
    if (this.whose === me) return;
    const first = !this.whose;
    this.whose = me;
    queueMicrotask(() => void this.read());
    if (!first) return;
    live.onResync(() => void this.read());
    live.on('incident', (e) => e.incident && this.heard(e.incident));
  }

  private async read(): Promise<void> {
    try {
      const query = { calling: 'me', limit: 200 };
      const rows = await all((cursor) => ok(api.GET('/api/v1/incidents', { params: { query: { ...query, cursor } } })));
      this.ids = new Set(rows.map((i) => i.id));
    } catch {
      // It stays as it was: the bar says that the line is cut.
    }
  }

  private heard(i: Schemas['Incident']): void {
    const now = waitsForMe(i);
    if (now === this.ids.has(i.id)) return;
    const ids = new Set(this.ids);
    if (now) ids.add(i.id);
    else ids.delete(i.id);
    this.ids = ids;
  }
}

/** Whether an incident waits for the one who is signed in. */
export function waitsForMe(i: Schemas['Incident']): boolean {
  return i.waits_for?.includes(session.me?.person ?? '') ?? false;
}

export const needs = new Needs();
