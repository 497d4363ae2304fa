// Small things that this browser remembers.
export class Kept<T> {
  private current = $state.raw<T>() as T;

  constructor(
    private name: string,
    start: T,
  ) {
    const text = localStorage.getItem(name);
    this.current = text === null ? start : (JSON.parse(text) as T);
    addEventListener('storage', (e) => {
      if (e.key === name && e.newValue !== null) this.current = JSON.parse(e.newValue) as T;
    });
  }

  get value(): T {
    return this.current;
  }

  set value(next: T) {
    this.current = next;
    localStorage.setItem(this.name, JSON.stringify(next));
  }
}

export const kept = <T>(name: string, start: T): Kept<T> => new Kept(name, start);
