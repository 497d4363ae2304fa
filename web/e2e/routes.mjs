// Every screen, for axe and for the pictures: its name, its path, and what shows that it
// is there. `path` may ask the demo for an id.
export const routes = [
  { name: 'sign-in', path: () => '/sign-in', ready: 'form', open: true },
  { name: 'incidents', path: () => '/incidents', ready: 'li.incident' },
  { name: 'incident', path: (ids) => `/incidents/${ids.incident}`, ready: 'article .meta' },
  { name: 'closed-incident', path: (ids) => `/incidents/${ids.closed}`, ready: 'article .meta' },
  { name: 'nothing', path: () => '/incidents/nowhere', ready: '.empty' },
];
