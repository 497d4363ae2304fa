// A mapping as fields to fill in, and back.
import type { Schemas } from '../../lib/api';

export type Mapping = Schemas['Mapping'];

/** What is a path into what is sent, or a text with paths in braces. */
export const paths = ['each', 'key', 'title', 'text', 'state', 'severity'] as const;

export interface MappingForm {
  paths: Record<(typeof paths)[number], string>;
  firing: string;
  resolved: string;
  severities: string;
  labels: string;
}

const pairs = (of: Record<string, string> | undefined) =>
  Object.entries(of ?? {})
    .map(([name, value]) => `${name} = ${value}`)
    .join('\n');

export function formOf(m: Mapping | undefined): MappingForm {
  return {
    paths: Object.fromEntries(paths.map((p) => [p, m?.[p] ?? ''])) as MappingForm['paths'],
    firing: (m?.firing ?? []).join(', '),
    resolved: (m?.resolved ?? []).join(', '),
    severities: pairs(m?.severities),
    labels: pairs(m?.labels),
  };
}

const words = (text: string) => text.split(/[,\n]/).map((w) => w.trim()).filter(Boolean); // prettier-ignore

/** "name = value", one a line; or the first line that is none. */
export function read(text: string): Record<string, string> | string {
  const out: Record<string, string> = {};
  for (const line of text.split('\n').filter((l) => l.trim())) {
    const [, name, value] = /^\s*([^=]*?)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (!name || !value) return line.trim();
    out[name] = value;
  }
  return out;
}

/** The mapping that a form means, without what says nothing; and what is wrong with which field. */
export function mappingOf(form: MappingForm): { mapping?: Mapping; wrong: Partial<Record<keyof MappingForm, string>> } {
  const wrong: Partial<Record<keyof MappingForm, string>> = {};
  const mapping: Mapping = {};
  for (const p of paths) if (form.paths[p].trim()) mapping[p] = form.paths[p].trim();
  for (const list of ['firing', 'resolved'] as const) if (words(form[list]).length) mapping[list] = words(form[list]);
  for (const table of ['severities', 'labels'] as const) {
    const said = read(form[table]);
    if (typeof said === 'string') wrong[table] = said;
    else if (Object.keys(said).length) mapping[table] = said;
  }
  return { mapping: Object.keys(mapping).length ? mapping : undefined, wrong };
}
