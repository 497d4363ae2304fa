// What depends on what, and the windows: one thing that is read whole, and written under
// the version that was read.
import { api, ok, type Schemas } from '../../lib/api';
import { t } from '../../lib/i18n';
import { toasts } from '../../lib/toasts.svelte';
import { bare, put, type Meta } from '../setup/things';

export type Sifting = Schemas['Sifting'] & Meta;
export type Node = Schemas['GraphNode'];
export type Window = Schemas['Maintenance'];
export type About = Schemas['NodeRule'];
export type Action = Schemas['Action'];

export const read = (): Promise<Sifting> => ok(api.GET('/api/v1/sifting') as Promise<{ data?: Sifting }>);

export const write = (next: Sifting, version?: number): Promise<Sifting> =>
  ok(
    api.PUT('/api/v1/sifting', {
      params: { header: { 'If-Match': version ? `"${version}"` : '*' } },
      body: bare(next) as never,
    }) as Promise<{ data?: Sifting }>,
  );

/** Writes it, and offers what it was. */
export async function save(before: Sifting, next: Sifting, said: string, again: () => void): Promise<void> {
  const after = await write(next, before.version);
  again();
  toasts.say(said, {
    undo: () =>
      write(before, after.version).then(again, (e: unknown) => {
        toasts.failed(e);
      }),
  });
}

/** A change of what one node stands on: what is written of sifting, and of its service. */
export interface Change {
  sifting: Sifting;
  service?: Schemas['Service'] & Meta;
}

/** Dependencies on services stand with a service; all others with the node. */
export function depends(s: Sifting, node: Node, on: string[], all: Node[], name?: string, tier?: string): Sifting {
  const service = node.kind === 'service';
  const isService = (id: string) => all.some((n) => n.id === id && n.kind === 'service');
  const own = service ? on.filter((id) => !isService(id)) : on;
  const nodes = (s.nodes ?? []).filter((n) => n.id !== node.id);
  if (!service || own.length || tier) {
    nodes.push({
      id: node.id,
      ...(!service && name && name !== node.id ? { name } : {}),
      ...(tier ? { tier } : {}),
      ...(own.length ? { depends_on: own } : {}),
    });
  }
  return { ...s, nodes };
}

/** With a group that needs any one of its members, in the place of the one of its id. */
export function group(s: Sifting, g: Schemas['AnyOf']): Sifting {
  const all = s.any_of ?? [];
  return { ...s, any_of: all.some((o) => o.id === g.id) ? all.map((o) => (o.id === g.id ? g : o)) : [...all, g] };
}

/** Matchers with commas between, of which quotes may hold some. */
export const matchers = (text: string): string[] =>
  text.split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/).flatMap((m) => (m.trim() ? [m.trim()] : []));

/** What is left when a node is gone. */
export function without(s: Sifting, id: string): Sifting {
  const rest = (list?: string[] | null) => (list ?? []).filter((other) => other !== id);
  return {
    ...s,
    nodes: (s.nodes ?? []).filter((n) => n.id !== id).map((n) => ({ ...n, depends_on: rest(n.depends_on) })),
    any_of: (s.any_of ?? [])
      .filter((g) => g.id !== id && g.child !== id)
      .map((g) => ({ ...g, members: rest(g.members) }))
      .filter((g) => g.members.length),
  };
}

/** Writes a change: the service first, for a node may stand on what it stands on. */
export async function apply(change: Change, version: number | undefined): Promise<void> {
  if (change.service) await put('services', change.service);
  await write(change.sifting, version);
}

/** As a set-up file; JSON is YAML. */
export const file = (change: Change): string =>
  JSON.stringify({ sifting: bare(change.sifting), ...(change.service ? { services: [bare(change.service)] } : {}) });

export const state = (n: Node): 'trouble' | 'under' | 'ok' => (n.under ? 'under' : n.firing ? 'trouble' : 'ok');

/** How a node is, in words. */
export function says(n: Node, named: (id: string) => string): string {
  if (n.under) return t('graph.under', { cause: named(n.under) });
  if (n.firing && n.beneath) return t('graph.cause', { n: n.beneath });
  if (n.firing) return t('graph.firing', { n: n.firing });
  return t('graph.ok');
}
