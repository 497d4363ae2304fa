// node e2e/lighthouse.mjs: what Lighthouse says of the list, an incident and the public pages
// of a demo, on a phone and a desktop. It is fetched when it is asked for (npx).
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from 'playwright-core';
import { furnish, ids } from './axe.mjs';
import { args, launch } from './browser.mjs';
import { signIn } from './harness.mjs';
import { free, start } from './server.mjs';

const goals = { performance: 0.95, accessibility: 1, 'best-practices': 1 };
const server = await start('demo', { args: ['--pace', '60s'] });
const browser = await launch();
const ways = await furnish(browser, server);
await browser.close();

// Lighthouse looks through a browser in which somebody is signed in.
const port = await free();
const dir = mkdtempSync(path.join(tmpdir(), 'tocsin-lighthouse-'));
const context = await chromium.launchPersistentContext(dir, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: [...args, `--remote-debugging-port=${port}`],
});
const page = context.pages()[0] ?? (await context.newPage());
await signIn(page, server.url, 'jonas', server.password());
const known = await ids(page);
await page.close();

const over = [];
const report = path.join(dir, 'report.json');
for (const [name, at] of Object.entries({
  list: '/incidents',
  incident: `/incidents/${known.incident}`,
  login: '/login',
  link: ways.link,
}))
  for (const device of ['mobile', 'desktop']) {
    const options = [
      '--output=json',
      `--output-path=${report}`,
      `--port=${port}`,
      '--disable-storage-reset',
      '--quiet',
    ];
    const only = `--only-categories=${Object.keys(goals)}`;
    const preset = device === 'desktop' ? ['--preset=desktop'] : [];
    execFileSync('npx', ['-y', 'lighthouse@12.8.2', server.url + at, ...options, only, ...preset], {
      stdio: 'inherit',
    });
    const { categories, audits } = JSON.parse(readFileSync(report, 'utf8'));
    for (const [category, goal] of Object.entries(goals)) {
      const { score, auditRefs } = categories[category];
      console.log(`${name} ${device} ${category}: ${score} (goal ${goal})`);
      if (score >= goal) continue;
      over.push(`${name} ${device} ${category}`);
      for (const { id, weight } of auditRefs)
        if (weight && (audits[id].score ?? 1) < 0.9)
          console.log(`  ${id}: ${audits[id].title} ${audits[id].displayValue ?? ''}`);
    }
  }
await context.close();
await server.stop();
rmSync(dir, { recursive: true, force: true });
if (over.length) console.log(`below the goal: ${over.join('; ')}`);
process.exit(over.length ? 1 : 0);
