// The way to the server: typed calls of the public API, and its faults as one kind of
// error. `api` knows every route of docs/openapi.json; `call` is for the few about one's
// own account, which stand outside of that document.
import type { Client } from 'openapi-fetch';
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
const upload = 300_000; // ms, for a file

async function send(request: Request, most = patience): Promise<Response> {
  let answer: Response;
  try {
    answer = await fetch(request, { signal: AbortSignal.any([request.signal, AbortSignal.timeout(most)]) });
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

type Values = Record<string, unknown>;
interface Asked {
  params?: { path?: Values; query?: Values; header?: Values };
  body?: unknown;
  headers?: Values;
}

/** Sends a body as what it is: a file, or JSON. */
async function request<T>(method: string, path: string, body?: unknown, more: Values = {}): Promise<T> {
  const headers = new Headers();
  for (const [name, value] of Object.entries(more)) if (value !== undefined) headers.set(name, String(value));
  const file = body instanceof Blob || body instanceof FormData;
  if (body !== undefined && !file) headers.set('Content-Type', 'application/json');
  const init = { method, headers, body: file ? body : JSON.stringify(body) };
  const answer = await send(new Request(location.origin + base + path, init), file ? upload : patience);
  const text = await answer.text();
  return (text ? JSON.parse(text) : undefined) as T;
}

/** The address of a route: its holes filled, and the query, of which empty lists are left out. */
export function address(route: string, { path = {}, query = {} }: { path?: Values; query?: Values } = {}): string {
  const asked = Object.entries(query)
    .filter(([, v]) => v !== undefined && v !== null && !(Array.isArray(v) && !v.length))
    .map(([name, v]) => `${name}=${encodeURIComponent(String(v))}`);
  const filled = route.replace(/\{(\w+)\}/g, (_, hole: string) => encodeURIComponent(String(path[hole])));
  return filled + (asked.length ? `?${asked.join('&')}` : '');
}

const verb =
  (method: string) =>
  async (route: string, { params, body, headers }: Asked = {}) => ({
    data: await request(method, address(route, params), body, { ...params?.header, ...headers }),
  });

const verbs = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
export const api = Object.fromEntries(verbs.map((v) => [v, verb(v)])) as unknown as Pick<
  Client<paths>,
  (typeof verbs)[number]
>;

/** What a call of `api` answers. A fault is thrown as a Problem. */
export async function ok<T>(answer: Promise<{ data?: T }>): Promise<T> {
  return (await answer).data as T;
}

/** A call outside of the OpenAPI document; T is for the caller to know. */
export const call = <T>(method: string, path: string, body?: unknown): Promise<T> => request<T>(method, path, body);

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
