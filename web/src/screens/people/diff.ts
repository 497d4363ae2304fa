// What changed between two versions of something, in words.
import { t } from '../../lib/i18n';

export interface Change {
  path: string;
  was?: string;
  now?: string;
}

const meta = new Set(['version', 'changed_at', 'changed_by', 'retired', 'id']);

/** Every value below a thing by its path; of a list whose items have an id, by the id. */
function flat(value: unknown, path: string, into: Map<string, string>): Map<string, string> {
  if (Array.isArray(value)) {
    if (value.every((v) => typeof v !== 'object' || v === null)) {
      if (value.length) into.set(path, value.join(', '));
    } else value.forEach((v, i) => flat(v, `${path} ${(v as { id?: string }).id ?? i + 1}`, into));
  } else if (typeof value === 'object' && value !== null) {
    for (const [k, v] of Object.entries(value))
      if (path ? k !== 'id' : !meta.has(k)) flat(v, path ? `${path} › ${k}` : k, into);
  } else if (value !== undefined && value !== null && value !== '') into.set(path, String(value));
  return into;
}

export function diff(was: unknown, now: unknown): Change[] {
  const [a, b] = [flat(was ?? {}, '', new Map()), flat(now ?? {}, '', new Map())];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((path) => a.get(path) !== b.get(path))
    .map((path) => ({ path, was: a.get(path), now: b.get(path) }));
}

export function words({ path, was, now }: Change): string {
  if (was === undefined) return t('audit.set', { path, now: now ?? '' });
  if (now === undefined) return t('audit.unset', { path, was });
  return t('audit.changed', { path, was, now });
}
