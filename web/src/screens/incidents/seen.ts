// Up to where somebody had read an incident in this browser, for the line "You were here".
const name = 'seen';
const most = 200; // incidents that are remembered

const all = (): [string, string][] => JSON.parse(localStorage.getItem(name) ?? '[]');

/** The time of the last line that was seen; "" when the incident never was. */
export const seen = (id: string): string => all().find(([i]) => i === id)?.[1] ?? '';

export function see(id: string, at: string): void {
  localStorage.setItem(name, JSON.stringify([[id, at], ...all().filter(([i]) => i !== id)].slice(0, most)));
}
