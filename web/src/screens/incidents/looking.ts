// What is near the window, looked at once for each frame: first all measure, then all
// change, so that the browser lays the page out once.
type Look = () => () => void; // measures, and gives what changes

const all = new Set<Look>();
let waits = 0;

function now(): void {
  waits = 0;
  for (const change of [...all].map((look) => look())) change();
}

/** Has everything looked at in the next frame. */
export const soon = (): void => void (waits ||= requestAnimationFrame(now));

/** Looks whenever the window is scrolled or resized; the answer ends it. */
export function looking(look: Look): () => void {
  if (!all.size) for (const e of ['scroll', 'resize']) addEventListener(e, soon, { passive: true });
  all.add(look);
  return () => {
    all.delete(look);
    if (!all.size) for (const e of ['scroll', 'resize']) removeEventListener(e, soon);
  };
}
