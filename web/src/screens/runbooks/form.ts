// A runbook as a form has it, and as the API does.
import type { Schemas } from '../../lib/api';

export type Runbook = Schemas['Runbook'];

export interface Form {
  id: string;
  name: string;
  team: string;
  owner: string;
  match: string;
  text: string;
  days: string;
  expires: string;
  secrets: { name: string; value: string; had: boolean }[];
}

const hours = (span?: string): number => Number(/^(\d+)h/.exec(span ?? '')?.[1] ?? 0);

export function read(b: Partial<Runbook>): Form {
  const days = hours(b.verify) / 24;
  return {
    id: b.id ?? '',
    name: b.name ?? '',
    team: b.team ?? '',
    owner: b.owner ?? '',
    match: (b.match ?? []).join('\n'),
    text: b.text ?? '',
    days: days ? String(days) : '',
    expires: b.expires ?? '',
    secrets: Object.keys(b.secrets ?? {})
      .sort()
      .map((name) => ({ name, value: '', had: true })),
  };
}

/** What is empty of a secret that was there before stays as it was. */
export function write(f: Form): Runbook {
  const match = f.match
    .split('\n')
    .map((m) => m.trim())
    .filter(Boolean);
  return {
    id: f.id,
    name: f.name,
    team: f.team || undefined,
    owner: f.owner || undefined,
    match: match.length ? match : undefined,
    text: f.text,
    verify: f.days ? `${Math.round(Number(f.days) * 24)}h` : undefined,
    expires: f.expires || undefined,
    secrets: Object.fromEntries(
      f.secrets.filter((s) => s.name.trim() && (s.value || s.had)).map((s) => [s.name.trim(), s.value]),
    ),
  };
}
