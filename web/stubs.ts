// What modules ask of a browser when they are loaded, for tests that run without one.
import { vi } from 'vitest';

vi.stubGlobal('document', { querySelector: () => null, addEventListener: () => undefined, hidden: true });
vi.stubGlobal('localStorage', { getItem: () => null });
vi.stubGlobal('navigator', { languages: ['en-GB'] });
vi.stubGlobal('location', { pathname: '/', search: '', origin: 'http://localhost' });
vi.stubGlobal('addEventListener', () => undefined);
vi.stubGlobal('window', globalThis);
