// What services, integrations, policies and the rest have in common: they are read whole,
// written under the version that was read, retired with a way back.
import { all, api, ok } from '../../lib/api';
import { t } from '../../lib/i18n';
import { names } from '../../lib/names.svelte';
import { toasts } from '../../lib/toasts.svelte';

export type Plural =
  | 'services'
  | 'integrations'
  | 'policies'
  | 'heartbeats'
  | 'webhooks'
  | 'channels'
  | 'status-pages'
  | 'forms'
  | 'runbooks'
  | 'ticket-systems';

/** What the server adds to everything that is set up. */
export interface Meta {
  id?: string;
  name?: string;
  version?: number;
  changed_at?: string;
  changed_by?: string;
  retired?: boolean;
}

/** Its own fields, without those that the server writes. */
export function bare<T extends Meta>(thing: T): T {
  const { version, changed_at, changed_by, retired, ...own } = thing;
  return own as T;
}

const at = (id: string) => ({ path: { id } });

export const list = <T extends Meta>(plural: Plural): Promise<T[]> =>
  all((cursor) =>
    ok(
      api.GET(`/api/v1/${plural}`, { params: { query: { limit: 200, cursor } } }) as Promise<{
        data?: { items: T[]; next?: string };
      }>,
    ),
  );

export const one = <T extends Meta>(plural: Plural, id: string): Promise<T> =>
  ok(api.GET(`/api/v1/${plural}/{id}`, { params: at(id) }) as Promise<{ data?: T }>);

/** Every version, the newest first. */
export async function versions<T extends Meta>(plural: Plural, id: string): Promise<T[]> {
  const page = await ok(
    api.GET(`/api/v1/${plural}/{id}/versions`, { params: at(id) }) as Promise<{ data?: { items: T[] } }>,
  );
  return newestFirst(page.items);
}

export const newestFirst = <T extends Meta>(items: T[]): T[] =>
  [...items].sort((a, b) => (b.version ?? 0) - (a.version ?? 0));

export const make = <T extends Meta>(plural: Plural, thing: T): Promise<T> =>
  ok(api.POST(`/api/v1/${plural}`, { body: bare(thing) as never }) as Promise<{ data?: T }>);

/** Replaces a thing; if it was changed since it was read, that is refused. */
export const put = <T extends Meta>(plural: Plural, thing: T): Promise<T> =>
  ok(
    api.PUT(`/api/v1/${plural}/{id}`, {
      params: { ...at(thing.id ?? ''), header: { 'If-Match': thing.version ? `"${thing.version}"` : '*' } },
      body: bare(thing) as never,
    }) as Promise<{ data?: T }>,
  );

/** Says that it was saved, and offers what it was before. */
export function saved<T extends Meta>(plural: Plural, before: T, after: T, again: (thing: T) => void): void {
  toasts.say(t('setup.saved'), {
    undo: async () => {
      try {
        again(await put(plural, { ...before, version: after.version }));
      } catch (error) {
        toasts.failed(error);
      }
    },
  });
}

/** Takes it out of use; whether it could be. */
export async function retire(plural: Plural, thing: Meta, back?: () => void): Promise<boolean> {
  try {
    await ok(api.DELETE(`/api/v1/${plural}/{id}`, { params: at(thing.id ?? '') }));
  } catch (error) {
    toasts.failed(error);
    return false;
  }
  toasts.say(t('setup.retired', { name: thing.name || thing.id || '' }), {
    undo: async () => {
      try {
        await put(plural, { ...thing, version: undefined });
        back?.();
      } catch (error) {
        toasts.failed(error);
      }
    },
  });
  return true;
}

/** An id made of a name: "Primary DB" is "primary-db". */
export function slug(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/ß/g, 'ss')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}

/** Who changed something, as people know them. */
export const changer = (by: string | undefined): string =>
  !by || by === 'engine' ? 'Tocsin' : by.startsWith('key:') ? by.slice(4) : names.person(by.replace(/^person:/, ''));

/** Fields of which two versions differ. */
export function differing(a: object, b: object | undefined): string[] {
  const [x, y] = [bare(a), bare(b ?? {})] as Record<string, unknown>[];
  const fields = new Set([...Object.keys(x ?? {}), ...Object.keys(y ?? {})]);
  return [...fields].filter((f) => JSON.stringify(x?.[f]) !== JSON.stringify(y?.[f]));
}

/** The severities, to choose from. */
export const severities = (['SEV1', 'SEV2', 'SEV3', 'SEV4', 'SEV5'] as const).map((id) => ({ id, name: id as string }));
