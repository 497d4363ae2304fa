// What is half written, by conversation: it survives whatever happens to the page.
import type { Piece } from './outgoing.svelte';

type Hearer = (text: string, files: Piece[]) => void;

class Drafts {
  private hearers = new Map<string, Hearer>();

  of(id: string): string {
    return localStorage.getItem(`draft:${id}`) ?? '';
  }

  keep(id: string, text: string): void {
    if (text) localStorage.setItem(`draft:${id}`, text);
    else localStorage.removeItem(`draft:${id}`);
  }

  /** Puts something back into the box of a conversation. */
  give(id: string, text: string, files: Piece[]): void {
    const hear = this.hearers.get(id);
    if (hear) hear(text, files);
    else this.keep(id, [this.of(id), text].filter(Boolean).join('\n'));
  }

  on(id: string, hearer: Hearer): () => void {
    this.hearers.set(id, hearer);
    return () => this.hearers.delete(id);
  }
}

export const drafts = new Drafts();
