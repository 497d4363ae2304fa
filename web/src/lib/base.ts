// Where the app stands, as the server wrote it into index.html.
function meta(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';
}

/** The path of the public URL, without a slash at its end: "" or "/tocsin". */
export const base = meta('base');

/** The build that this tab runs; "" while Vite serves it. */
export const version = meta('version');

/** The address of a path of the app. */
export const to = (path: string): string => base + path;
