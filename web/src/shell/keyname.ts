// How a key is written for people.
const mac = /Mac|iP/.test(navigator.platform);

export const shown = (key: string): string =>
  key
    .replace(/^mod\+(.*)$/, (_, k: string) => (mac ? `⌘${k.toUpperCase()}` : `Ctrl ${k.toUpperCase()}`))
    .replace('Enter', '↵');
