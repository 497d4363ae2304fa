// What is done to overrides, each with its way back.
import { api, ok, type Schemas } from '../../lib/api';
import { t } from '../../lib/i18n';
import { names } from '../../lib/names.svelte';
import { toasts } from '../../lib/toasts.svelte';
import type { View } from './timeline';

type Patch = Schemas['Patch'];
type Of = Pick<View, 'schedule' | 'zone'>;

async function add({ schedule: id, zone }: Of, body: Patch): Promise<Patch> {
  return ok(api.POST('/api/v1/schedules/{id}/overrides', { params: { path: { id }, query: { zone } }, body }));
}

async function put({ schedule: id, zone }: Of, body: Patch): Promise<void> {
  const path = { id, override: body.id ?? '' };
  await api.PUT('/api/v1/schedules/{id}/overrides/{override}', { params: { path, query: { zone } }, body });
}

async function drop({ schedule: id }: Of, override: string): Promise<void> {
  await api.DELETE('/api/v1/schedules/{id}/overrides/{override}', { params: { path: { id, override } } });
}

/** Undoes something, and says so if that fails. */
function back(what: () => Promise<unknown>, done: () => void) {
  return async () => {
    try {
      await what();
    } catch (error) {
      toasts.failed(error);
    }
    done();
  };
}

export async function addOverride(of: Of, patch: Patch, done: () => void): Promise<void> {
  const made = await add(of, patch);
  done();
  const who = (made.users ?? []).map((p) => names.person(p)).join(', ');
  toasts.say(t('oncall.override.added', { who }), { undo: back(() => drop(of, made.id ?? ''), done) });
}

export async function changeOverride(of: Of, was: Patch, patch: Patch, done: () => void): Promise<void> {
  await put(of, patch);
  done();
  toasts.say(t('oncall.override.changed'), { undo: back(() => put({ ...of, zone: '' }, was), done) });
}

export async function dropOverride(of: Of, was: Patch, done: () => void): Promise<void> {
  try {
    await drop(of, was.id ?? '');
    toasts.say(t('oncall.override.removed'), { undo: back(() => add({ ...of, zone: '' }, was), done) });
  } catch (error) {
    toasts.failed(error);
  }
  done();
}
