/** Which of the colours of people somebody has: the same everywhere. */
export const colour = (person: string): number =>
  [...person].reduce((h, c) => (h * 31 + c.charCodeAt(0)) >>> 0, 7) % 12;
