// What an integration was sent, read again as soon as something may have come.
import { onDestroy } from 'svelte';
import { api, ok, type Schemas } from '../../lib/api';
import { load, type Loaded } from '../../lib/load.svelte';

export type SendingState = Schemas['SendingState'];
export type Sent = Schemas['Sent'];

const patience = 3000; // ms; what opens nothing tells the stream nothing

/** The last payloads of an integration. While nothing came, it is also asked by itself. */
export function sending(id: string): Loaded<SendingState> {
  const state = load(
    () => ok(api.GET('/api/v1/integrations/{id}/state', { params: { path: { id } } })),
    'incident',
    'config/integration',
  );
  const timer = setInterval(() => {
    if (!state.data?.heard && !document.hidden && !state.busy) void state.again();
  }, patience);
  onDestroy(() => clearInterval(timer));
  return state;
}
