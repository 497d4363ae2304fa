// What people do about incidents. It is shown at once, before the server has answered,
// and taken back if the server refuses.
import { api, ok, Problem, type Schemas } from './api';
import { t } from './i18n';
import type { Key } from './texts';
import { live } from './live.svelte';
import { outbox } from './outbox.svelte';
import { session } from './session.svelte';
import { toasts } from './toasts.svelte';

export type Incident = Schemas['Incident'];
export type Verb = 'acknowledge' | 'unacknowledge' | 'resolve' | 'reopen';

export const inverse: Partial<Record<Verb, Verb>> = { acknowledge: 'unacknowledge', resolve: 'reopen' };

/** Whether people still have to care. */
export const isOpen = (i: Incident): boolean => ['triggered', 'acknowledged', 'snoozed'].includes(i.status);

/** What an incident will be like once the server has heard of it. */
export function after(i: Incident, verb: Verb): Incident {
  const me = session.me?.person;
  const now = new Date().toISOString();
  const clear = { waits_for: undefined, needs_you: false, next: undefined };
  switch (verb) {
    case 'acknowledge':
      return {
        ...i,
        ...clear,
        status: 'acknowledged',
        owner: i.owner || me,
        owner_name: i.owner_name || session.me?.name,
        owned_at: i.owned_at ?? now,
      };
    case 'resolve':
      return { ...i, ...clear, status: 'resolved', resolved_at: now };
    default:
      return { ...i, status: 'triggered', owner: undefined, owner_name: undefined, resolved_at: undefined };
  }
}

/** Tells every screen what an incident is now. */
export function show(incident: Incident): void {
  live.tellHere({ topic: 'incident', id: incident.id, incident });
}

/** Asks whether it was worth a page. */
const worth = (id: string) => ({
  text: t('worth'),
  answers: [true, false].map((yes) => [
    t(yes ? 'worth.yes' : 'worth.no'),
    async () =>
      show(
        (await ok(api.POST('/api/v1/incidents/{id}/worth', { params: { path: { id } }, body: { worth: yes } })))
          .incident,
      ),
  ]) as [string, () => Promise<void>][],
});

/** Does one thing to one incident, and offers the way back. */
export async function act(i: Incident, verb: Verb): Promise<void> {
  show(after(i, verb));
  try {
    const { said, incident } = await ok(
      api.POST(`/api/v1/incidents/{id}/${verb}` as '/api/v1/incidents/{id}/resolve', {
        params: { path: { id: i.id } },
      }),
    );
    show(incident);
    const back = inverse[verb];
    toasts.say(verb === 'acknowledge' ? said : t(`done.${verb}` as Key, { title: i.title }), {
      undo: back && !(i.drill && back === 'reopen') ? () => act(incident, back) : undefined,
      ask: verb === 'resolve' && incident.called?.length && !i.drill ? worth(i.id) : undefined,
    });
  } catch (error) {
    if (error instanceof Problem && error.offline && verb === 'acknowledge') {
      outbox.put(i.id, i.title);
      toasts.say(t('outbox.kept'), { bad: true });
      return;
    }
    show(i);
    toasts.failed(error);
  }
}
