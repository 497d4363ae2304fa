// Ticket systems as forms have them, and back.
import type { Schemas } from '../../lib/api';

export type System = Schemas['TicketSystem'];
export type State = Schemas['TicketState'];
export type Kind = Schemas['TicketKind'];
export type Rule = NonNullable<NonNullable<System['rules']>[number]>;

/** A rule as somebody writes it. */
export interface Draft {
  name: string;
  /** Of incidents, or of the actions that they leave. */
  of: string;
  match: string;
  services: string[];
  severities: string[];
  fields: string;
  sensitive: boolean;
  off: boolean;
  /** What the form does not show stays as it is. */
  rest: Partial<Rule>;
}

export function drafted(r: Rule): Draft {
  const { name, of, match, services, severities, fields, sensitive, off, ...rest } = r;
  return {
    name: name ?? '',
    of: of === 'actions' ? of : 'incidents',
    match: (match ?? []).join(', '),
    services: [...(services ?? [])],
    severities: [...(severities ?? [])],
    fields: lines(fields),
    sensitive: !!sensitive,
    off: !!off,
    rest,
  };
}

export const blank = (): Draft => drafted({});

export function written(d: Draft): Rule {
  return {
    ...d.rest,
    name: d.name.trim() || undefined,
    of: d.of === 'actions' ? d.of : undefined,
    match: d.match.trim() ? [d.match.trim()] : undefined,
    services: d.services.length ? d.services : undefined,
    severities: d.severities.length ? (d.severities as Rule['severities']) : undefined,
    fields: read(d.fields).fields,
    sensitive: d.sensitive || undefined,
    off: d.off || undefined,
  };
}

/** Fields as lines: "priority = High". */
export const lines = (fields: Record<string, string> | undefined): string =>
  Object.entries(fields ?? {})
    .map(([name, value]) => `${name} = ${value.replaceAll('\n', '\\n')}`)
    .join('\n');

/** The fields of such lines, or the first line that is none. */
export function read(text: string): { fields?: Record<string, string>; fault?: string } {
  const fields: Record<string, string> = {};
  for (const line of text.split('\n')) {
    if (!line.trim()) continue;
    const at = line.indexOf('=');
    const name = line.slice(0, Math.max(at, 0)).trim();
    if (!name) return { fault: line.trim() };
    fields[name] = line
      .slice(at + 1)
      .trim()
      .replaceAll('\\n', '\n');
  }
  return Object.keys(fields).length ? { fields } : {};
}

/** How a system does: switched off, failing, behind, or well. */
export type Mood = 'off' | 'failing' | 'behind' | 'well';
export const mood = (s: State): Mood => (s.off ? 'off' : s.failing ? 'failing' : s.waiting ? 'behind' : 'well');
