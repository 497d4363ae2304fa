// What an integration was sent, read again as soon as something may have come.
import { onDestroy } from 'svelte';
import { api, ok, type Schemas } from '../../lib/api';
import { load, type Loaded } from '../../lib/load.svelte';

export type SendingState = Schemas['SendingState'];
export type Sent = Schemas['Sent'];

const patience = 3000; // ms; what opens nothing tells the stream nothing

const late = 60_000; // ms, within which what was heard of is kept as it was sent, too

/** The last payloads of an integration. While none came, they are also asked for by themselves. */
export function sending(id: string): Loaded<SendingState> {
  const state = load(
    () => ok(api.GET('/api/v1/integrations/{id}/state', { params: { path: { id } } })),
    'incident',
    'config/integration',
  );
  const timer = setInterval(() => {
    const { heard, last_at, payloads } = state.data ?? {};
    const waits = !payloads?.length && (!heard || Date.now() - Date.parse(last_at ?? '') < late);
    if (waits && !document.hidden && !state.busy) void state.again();
  }, patience);
  onDestroy(() => clearInterval(timer));
  return state;
}
