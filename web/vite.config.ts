import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

// Fixed names, so that git sees one file change and not two; the server adds a hash to
// the address (internal/web/app.go). Every text and every screen is a part of its own.
function partName(chunk: { name: string; facadeModuleId?: string | null }): string {
  const text = /i18n\/([a-z]+)\/([a-z]+)\.json$/.exec(chunk.facadeModuleId ?? '');
  return text ? `${text[1]}-${text[2]}.js` : `${chunk.name.toLowerCase()}.js`;
}

export default defineConfig({
  base: './',
  plugins: [svelte()],
  server: { port: 5173, strictPort: true, host: '127.0.0.1' },
  build: {
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox120', 'safari17.5'], // the first with light-dark(), which is then left to them
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: {
      input: { app: 'index.html', sw: 'src/sw.ts' },
      output: {
        // Many small parts would be asked for one by one. `base` is what the shell, the list
        // and an incident stand on, and counts for the budget (web_test.go): what only other
        // screens use is not in it.
        codeSplitting: {
          groups: [
            {
              name: 'base',
              priority: 3, // what it needs goes into it, and not into the others
              test: /node_modules\/(?!@dagrejs)|src\/lib\/(?!bulk|form|passkey|push|siren)|src\/ui\/(?!Checks|Copy|Dialog|Field|FormDialog|Line|Part|Sure|Switch|Table)|shell\/Brand/,
            },
            {
              name: 'forms',
              priority: 2,
              test: /src\/(lib\/form|ui\/(Checks|Copy|Dialog|Field|FormDialog|Line|Part|Sure|Switch|Table))\./,
            },
            {
              name: 'panels',
              priority: 1,
              test: /screens\/(incidents\/(Called|Alerts|Composer)|alerts\/(Worth|Beneath))\.svelte/,
            },
          ],
        },
        entryFileNames: (chunk) => (chunk.name === 'sw' ? 'sw.js' : 'app.js'),
        chunkFileNames: partName,
        assetFileNames: (asset) => (asset.names[0] ?? 'asset').toLowerCase(),
      },
    },
  },
  test: { environment: 'node', setupFiles: ['stubs.ts'], include: ['src/**/*.test.ts'] },
});
