// Every screen, for axe and for the pictures: its name, its path, and what shows that it
// is there. `path` may ask the demo for an id.
export const routes = [
  { name: 'sign-in', path: () => '/sign-in', ready: 'form', open: true },
  { name: 'incidents', path: () => '/incidents', ready: 'li.incident' },
  { name: 'incident', path: (ids) => `/incidents/${ids.incident}`, ready: 'article .meta' },
  { name: 'closed-incident', path: (ids) => `/incidents/${ids.closed}`, ready: 'article .meta' },
  { name: 'services', path: () => '/services', ready: 'tbody tr' },
  { name: 'services-map', path: () => '/services?view=map', ready: 'main svg rect' },
  { name: 'service', path: () => '/services/checkout', ready: '.columns li' },
  { name: 'integrations', path: () => '/integrations', ready: 'tbody tr' },
  { name: 'integration-new', path: () => '/integrations/new', ready: '.kinds' },
  { name: 'integration', path: () => '/integrations/warehouse', ready: 'figure pre' },
  { name: 'heartbeats', path: () => '/heartbeats', ready: 'main nav' },
  { name: 'webhooks', path: () => '/webhooks', ready: 'main nav' },
  { name: 'rules', path: () => '/rules', ready: '.columns' },
  { name: 'policies', path: () => '/policies', ready: 'main li.card' },
  { name: 'policy', path: () => '/policies/shop', ready: 'article.card' },
  { name: 'silences', path: () => '/silences', ready: '.segments' },
  { name: 'settings', path: () => '/settings', ready: 'fieldset' },
  { name: 'nothing', path: () => '/incidents/nowhere', ready: '.empty' },
];
