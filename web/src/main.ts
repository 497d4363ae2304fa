import { mount } from 'svelte';
import App from './App.svelte';
import './base.css';
import './tokens.css';
import { lang, loadTexts } from './lib/i18n';
import { session } from './lib/session.svelte';
import { theme, wear } from './lib/theme.svelte';
import { registerWorker } from './lib/worker';

// A tab from before an upgrade asks for parts that are no longer there.
addEventListener('vite:preloadError', () => location.reload());

wear(theme.value);
document.documentElement.lang = lang;
await Promise.all([loadTexts('core'), session.begin()]);
mount(App, { target: document.getElementById('app')! });
registerWorker();
if (session.me) void import('./lib/push.svelte').then(({ push }) => push.refresh()).catch(() => undefined); // the next start tells it
