// The way to the server: typed calls of the public API, and its faults as one kind of
// error. `api` knows every route of docs/openapi.json; `call` is for the few about one's
// own account, which stand outside of that document.
import createClient from 'openapi-fetch';
import type { components, paths } from '../../gen/schema';
import { base } from './base';

export type Schemas = components['schemas'];

/** What a request failed of. `status` 0 is: nobody answered. */
export class Problem extends Error {
  constructor(
    readonly status: number,
    message: string,
    /** What is wrong with which field: "title", "levels[0].wait". */
    readonly fields: Record<string, string> = {},
    readonly code = '',
  ) {
    super(message);
  }

  get offline(): boolean {
    return this.status === 0;
  }
}

/** `asOf`: the service worker had it from then, in ms. */
type Watcher = (status: number, asOf?: number) => void;
const watchers = new Set<Watcher>();

/** Hears the status of every answer, 0 when none came. */
export function watchAnswers(watcher: Watcher): void {
  watchers.add(watcher);
}

const patience = 15_000; // ms

async function send(request: Request): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(patience)]) });
  } catch (error) {
    if (request.signal.aborted) throw error;
    watchers.forEach((w) => w(0));
    throw new Problem(0, 'offline');
  }
  const kept = Date.parse(answer.headers.get('X-As-Of') ?? '');
  watchers.forEach((w) => (kept ? w(0, kept) : w(answer.status)));
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

interface Told {
  title?: string;
  detail?: string;
  code?: string;
  errors?: { location?: string; message?: string }[];
}

async function problemOf(answer: Response): Promise<Problem> {
  const told: Told = await answer.json().catch(() => ({}));
  const fields: Record<string, string> = {};
  for (const e of told.errors ?? []) fields[(e.location ?? '').replace(/^(body|query)\.?/, '')] = e.message ?? '';
  // A refusal of our own account's routes begins with the field: "email: this is none".
  const named = /^([a-z_]+): (.*)$/s.exec(told.detail ?? '');
  if (named?.[1] && named[2]) fields[named[1]] = named[2];
  const first = told.errors?.[0];
  const text = first
    ? `${first.location?.replace(/^(body|query)\.?/, '') || told.detail}: ${first.message}`
    : told.detail;
  return new Problem(answer.status, text || told.title || answer.statusText, fields, told.code);
}

export const api = createClient<paths>({
  baseUrl: location.origin + base,
  fetch: send,
  querySerializer: { array: { style: 'form', explode: false } },
});

/** What a call of `api` answers. A fault is thrown as a Problem. */
export async function ok<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** A call outside of the OpenAPI document; T is for the caller to know. */
export async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const answer = await send(
    new Request(location.origin + base + path, {
      method,
      body: body === undefined ? undefined : JSON.stringify(body),
      headers: body === undefined ? {} : { 'Content-Type': 'application/json' },
    }),
  );
  return (answer.status === 204 ? undefined : await answer.json()) as T;
}

/** Every item of a list that comes in parts, at most `most`. */
export async function all<T>(
  part: (cursor?: string) => Promise<{ items: T[]; next?: string }>,
  most = 2000,
): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; items.length < most;) {
    const page = await part(cursor);
    items.push(...page.items);
    if (!(cursor = page.next)) break;
  }
  return items;
}
