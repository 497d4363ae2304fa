// Commands: what the keyboard, the palette and the help know. A component says what can
// be done while it is shown; the newest comes first.
import { onDestroy } from 'svelte';
import { kept } from './kept.svelte';

export interface Command {
  /** "a", "g i", "mod+k"; none: only in the palette. */
  key?: string;
  label: string;
  group: string;
  run: () => void;
  /** Whether it can be done now. */
  when?: () => boolean;
  /** Not in the palette: moving about. */
  quiet?: boolean;
}

class Keys {
  /** Single keys may be switched off (WCAG 2.1.4). */
  single = kept('single-keys', true);
  // Not a state: a component that goes would read it as it was before the next one came.
  private all: Command[] = [];
  private changed = $state.raw({});
  private before = '';
  private forget = 0;

  constructor() {
    document.addEventListener('keydown', (e) => this.pressed(e));
  }

  get now(): Command[] {
    void this.changed;
    return this.all.filter((c) => c.when?.() ?? true);
  }

  add(commands: Command[]): () => void {
    this.put([...commands, ...this.all]);
    return () => this.put(this.all.filter((c) => !commands.includes(c)));
  }

  private put(all: Command[]): void {
    this.all = all;
    this.changed = {};
  }

  private pressed(e: KeyboardEvent): void {
    if (e.defaultPrevented || e.isComposing || e.altKey) return;
    const mod = e.metaKey || e.ctrlKey;
    const key = mod ? `mod+${e.key.toLowerCase()}` : e.key;
    if (!mod && (!this.single.value || writing(e.target) || document.querySelector('dialog[open]'))) return;
    const found = this.now.find((c) => c.key === key || (this.before && c.key === `${this.before} ${key}`));
    this.before = '';
    clearTimeout(this.forget);
    if (found) {
      e.preventDefault();
      found.run();
    } else if (!mod && this.now.some((c) => c.key?.startsWith(`${key} `))) {
      this.before = key;
      this.forget = window.setTimeout(() => (this.before = ''), 1000);
    }
  }
}

function writing(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

export const keys = new Keys();

/** Offers commands as long as the component is shown. */
export function commands(...all: Command[]): void {
  onDestroy(keys.add(all));
}
