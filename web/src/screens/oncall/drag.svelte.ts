// What is dragged over the final row by a pointer, or moved on a bar by keys: a stretch
// that somebody wants to override.
import { hour, quarter, snap, type Axis } from './timeline';

export interface Picked {
  from: number;
  until: number;
  role?: string;
  /** The override that is to be changed. */
  override?: string;
}

export class Ghost {
  /** What would be asked for; with the bar on which the keys are. */
  is = $state<{ from: number; until: number; key?: string } | undefined>();
  private began: { x: number; at: number } | undefined;
  private dragged = false;

  constructor(
    private axis: () => Axis,
    private picks: () => ((picked: Picked) => void) | undefined,
  ) {}

  private at(e: PointerEvent): number {
    const box = (e.currentTarget as HTMLElement).getBoundingClientRect();
    const axis = this.axis();
    return axis.from + ((e.clientX - box.left) / box.width) * (axis.until - axis.from);
  }

  down = (e: PointerEvent): void => {
    if (!this.picks() || e.button !== 0 || e.pointerType === 'touch') return; // a finger scrolls, and taps
    this.began = { x: e.clientX, at: this.at(e) };
  };

  moved = (e: PointerEvent): void => {
    if (!this.began || Math.abs(e.clientX - this.began.x) < 4) return;
    if (!this.is) (e.currentTarget as HTMLElement).setPointerCapture(e.pointerId);
    const axis = this.axis();
    const [from, until] = [snap(this.began.at), snap(this.at(e))].sort((a, b) => a - b) as [number, number];
    this.is = { from: Math.max(from, axis.from), until: Math.min(Math.max(until, from + quarter), axis.until) };
  };

  up = (): void => {
    if (this.began && this.is) {
      this.dragged = true; // the click that follows is none
      setTimeout(() => (this.dragged = false));
      this.picks()?.(this.is);
    }
    this.began = undefined;
    this.is = undefined;
  };

  pick(picked: Picked): void {
    if (!this.dragged) this.picks()?.(picked);
    this.is = undefined;
  }

  /** On a bar: arrows move what Enter will ask for, up and down make it longer or shorter. */
  keyed(e: KeyboardEvent, key: string, bar: Picked): void {
    if (!this.picks()) return;
    const by = e.shiftKey ? hour : quarter;
    const is = this.is?.key === key ? this.is : { from: bar.from, until: bar.until };
    const next = {
      ArrowLeft: { from: is.from - by, until: is.until - by },
      ArrowRight: { from: is.from + by, until: is.until + by },
      ArrowUp: { from: is.from, until: is.until + by },
      ArrowDown: { from: is.from, until: Math.max(is.from + quarter, is.until - by) },
    }[e.key];
    if (next) this.is = { ...next, key };
    else if (e.key === 'Enter') this.pick({ ...bar, from: is.from, until: is.until });
    else if (e.key === 'Escape' && this.is) this.is = undefined;
    else return;
    e.preventDefault();
  }

  left(key: string): void {
    if (this.is?.key === key) this.is = undefined;
  }
}
