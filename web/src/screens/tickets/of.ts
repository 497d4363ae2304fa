// The tickets of an incident or of an action, at the server.
import { api, ok, type Schemas } from '../../lib/api';

/** What can be done with the tickets of an incident, or of one of its actions. */
export interface TicketsOf {
  read(): Promise<Schemas['TicketsOf']>;
  /** Has one made, or with a key links one that is there. */
  want(system: string, key?: string): Promise<Schemas['Said']>;
  unlink(system: string): Promise<Schemas['Said']>;
}

export function ticketsOf(id: string, action?: number): TicketsOf {
  if (action === undefined) {
    const path = { id };
    return {
      read: () => ok(api.GET('/api/v1/incidents/{id}/tickets', { params: { path } })),
      want: (system, key) =>
        ok(api.POST('/api/v1/incidents/{id}/tickets', { params: { path }, body: { system, key } })),
      unlink: (system) =>
        ok(api.DELETE('/api/v1/incidents/{id}/tickets/{system}', { params: { path: { ...path, system } } })),
    };
  }
  const path = { id, action };
  return {
    read: () => ok(api.GET('/api/v1/incidents/{id}/actions/{action}/tickets', { params: { path } })),
    want: (system, key) =>
      ok(api.POST('/api/v1/incidents/{id}/actions/{action}/tickets', { params: { path }, body: { system, key } })),
    unlink: (system) =>
      ok(
        api.DELETE('/api/v1/incidents/{id}/actions/{action}/tickets/{system}', {
          params: { path: { ...path, system } },
        }),
      ),
  };
}
