// When integrations were heard last.
import { all, api, ok } from '../../lib/api';

/** The moment of each integration's last event, as its alerts tell. */
export async function lastHeard(): Promise<Map<string, string>> {
  const alerts = await all(
    (cursor) => ok(api.GET('/api/v1/alerts', { params: { query: { limit: 200, cursor } } })),
    1000,
  );
  const out = new Map<string, string>();
  for (const a of alerts) {
    const at = a.last_at ?? '';
    if (at > (out.get(a.integration) ?? '')) out.set(a.integration, at);
  }
  return out;
}
