// Something read from the server, kept fresh while a component shows it.
import { onDestroy } from 'svelte';
import { Problem } from './api';
import { live } from './live.svelte';

export class Loaded<T> {
  data = $state.raw<T | undefined>();
  problem = $state.raw<Problem | undefined>();
  busy = $state(false);
  /** When it was read, in ms. */
  at = $state(0);
  private turn = 0;

  constructor(private read: () => Promise<T>) {}

  /** Reads it again. Of two answers the one asked for last counts. */
  async again(): Promise<void> {
    const turn = ++this.turn;
    this.busy = true;
    try {
      const data = await this.read();
      if (turn !== this.turn) return;
      this.data = data;
      this.problem = undefined;
      this.at = Date.now();
    } catch (error) {
      if (turn !== this.turn) return;
      if (!(error instanceof Problem)) throw error;
      this.problem = error;
    } finally {
      if (turn === this.turn) this.busy = false;
    }
  }
}

/**
 * Reads something now, and again whenever a topic of the live stream is told
 * ("config/schedule") or events may have been missed. For the top of a component.
 */
export function load<T>(read: () => Promise<T>, ...topics: string[]): Loaded<T> {
  const loaded = new Loaded(read);
  const stops = topics.map((topic) => live.on(topic, () => void loaded.again()));
  stops.push(live.onResync(() => void loaded.again()));
  onDestroy(() => stops.forEach((stop) => stop()));
  void loaded.again();
  return loaded;
}
