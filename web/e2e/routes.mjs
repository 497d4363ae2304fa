// Every screen, for axe and for the pictures: its name, its path, and what shows that it
// is there. `path` may ask the demo for an id.
export const routes = [
  { name: 'sign-in', path: () => '/sign-in', ready: 'form', open: true },
  { name: 'incidents', path: () => '/incidents', ready: 'li.incident' },
  { name: 'incident', path: (ids) => `/incidents/${ids.incident}`, ready: 'article .meta' },
  { name: 'closed-incident', path: (ids) => `/incidents/${ids.closed}`, ready: 'article .meta' },
  { name: 'on-call', path: () => '/on-call', ready: 'main h1' },
  { name: 'call-list', path: () => '/on-call/call-list', ready: 'main h1' },
  { name: 'schedule', path: () => '/on-call/shop', ready: 'main h1' },
  { name: 'services', path: () => '/services', ready: 'main h1' },
  { name: 'service', path: () => '/services/payments', ready: 'main h1' },
  { name: 'integrations', path: () => '/integrations', ready: 'main h1' },
  { name: 'new-integration', path: () => '/integrations/new', ready: 'main h1' },
  { name: 'policies', path: () => '/policies', ready: 'main h1' },
  { name: 'policy', path: () => '/policies/shop', ready: 'main h1' },
  { name: 'bedside', path: () => '/bedside', ready: '.bedside' },
  { name: 'nothing', path: () => '/incidents/nowhere', ready: '.empty' },
];
