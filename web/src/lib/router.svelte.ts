// Addresses and screens. Every screen has one, and the state of every list is in it.
import type { Component } from 'svelte';
import { base } from './base';

export interface Route {
  /** Such as "/incidents/:id". */
  path: string;
  /** The folder under screens, and its texts under i18n (none: "core"). */
  area: string;
  load: () => Promise<{ default: Component<any> }>;
  /** Open to who is not signed in. */
  open?: boolean;
  /** Fills the window: no bars around it. */
  bare?: boolean;
}

export interface Match {
  route: Route;
  params: Record<string, string>;
}

/** The route of a path, and what stands in its holes. */
export function match(routes: Route[], path: string): Match | undefined {
  const at = path.split('/').filter(Boolean);
  for (const route of routes) {
    const want = route.path.split('/').filter(Boolean);
    if (want.length !== at.length) continue;
    const params: Record<string, string> = {};
    const fits = want.every((w, i) => {
      if (!w.startsWith(':')) return w === at[i];
      params[w.slice(1)] = decodeURIComponent(at[i] ?? '');
      return true;
    });
    if (fits) return { route, params };
  }
  return undefined;
}

class Router {
  path = $state('/');
  query = $state(new URLSearchParams());

  constructor() {
    this.read();
    addEventListener('popstate', () => this.read());
    document.addEventListener('click', (e) => this.follow(e));
  }

  private read(): void {
    this.path = location.pathname.slice(base.length) || '/';
    this.query = new URLSearchParams(location.search);
  }

  /** Goes to a path of the app, such as "/incidents?status=triggered". */
  go(path: string, how: { replace?: boolean } = {}): void {
    if (how.replace) history.replaceState(null, '', base + path);
    else history.pushState(null, '', base + path);
    this.read();
  }

  /** Changes some of the query; an empty value leaves the name out. */
  ask(change: Record<string, string | undefined>, how = { replace: true }): void {
    const query = new URLSearchParams(this.query);
    for (const [name, value] of Object.entries(change)) {
      if (value) query.set(name, value);
      else query.delete(name);
    }
    const text = query.toString();
    this.go(this.path + (text && '?' + text), how);
  }

  /** Follows a link of ours without loading the page. */
  private follow(e: MouseEvent): void {
    if (e.defaultPrevented || e.button !== 0 || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return;
    const a = (e.target as Element).closest?.('a');
    if (!a || a.target || a.hasAttribute('download') || a.origin !== location.origin) return;
    const path = a.pathname;
    if (!path.startsWith(base + '/') || /^\/(api|a|assets|setup|password)(\/|$)/.test(path.slice(base.length))) return;
    if (a.hash && path === location.pathname) return;
    e.preventDefault();
    this.go(path.slice(base.length) + a.search);
  }
}

export const router = new Router();
