// How many incidents wait for the one who is signed in: the red number.
import { all, api, ok, type Schemas } from './api';
import { live } from './live.svelte';
import { session } from './session.svelte';

class Needs {
  private ids = $state.raw<Set<string>>(new Set());
  private begun = false;

  get count(): number {
    this.begin();
    return this.ids.size;
  }

  has(id: string): boolean {
    this.begin();
    return this.ids.has(id);
  }

  private begin(): void {
    if (this.begun || !session.me) return;
    this.begun = true;
    queueMicrotask(() => void this.read());
    live.onResync(() => void this.read());
    live.on('incident', (e) => e.incident && this.heard(e.incident));
  }

  private async read(): Promise<void> {
    try {
      const rows = await all((cursor) =>
        ok(api.GET('/api/v1/incidents', { params: { query: { status: ['triggered'], limit: 200, cursor } } })),
      );
      this.ids = new Set(rows.filter((i) => mine(i)).map((i) => i.id));
    } catch {
      // It stays as it was: the bar says that the line is cut.
    }
  }

  private heard(i: Schemas['Incident']): void {
    const now = mine(i);
    if (now === this.ids.has(i.id)) return;
    const ids = new Set(this.ids);
    if (now) ids.add(i.id);
    else ids.delete(i.id);
    this.ids = ids;
  }
}

/** Whether an incident waits for the one who is signed in. */
export function mine(i: Schemas['Incident']): boolean {
  const me = session.me?.person ?? '';
  return i.status === 'triggered' && !i.held && (i as { calling?: string[] }).calling?.includes(me) === true;
}

export const needs = new Needs();
