// Reaching people in the app: a channel is set up, tested, seen failing in the provider's
// own words, and repaired; a message by hand is sent and answered, live; limits and
// readiness. The vendors are `tocsin mockworld`.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import path from 'node:path';
import { api, assert, configure, desk, open, phone, setUp, test, until } from './harness.mjs';
import { start } from './server.mjs';

const binary = process.env.TOCSIN ?? path.resolve('../tocsin');

/** The vendors, on a port of their own. */
async function mockworld() {
  const port = await new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
  const child = spawn(binary, ['mockworld', '--listen', `127.0.0.1:${port}`], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await until('the mock world answers', () =>
    fetch(url).then(
      () => true,
      () => false,
    ),
  );
  return { url, host: `127.0.0.1:${port}`, stop: () => child.kill() };
}

const account = 'AC00000000000000000000000000000001';

const gateway = { user: 'house', secret: 'gateway-secret', from: '15005550007' };
const number = '+49 151 5550101';

// Every kind there is: whom the test goes to, what it must be told, and which of that is
// the secret that is wrong at first. Where there is none, the provider itself is in trouble.
const kinds = [
  {
    kind: 'twilio-voice',
    world: 'twilio',
    to: number,
    settings: { account, token: 'twilio-token', from: '+15005550006' },
    secret: 'token',
  },
  {
    kind: 'vonage',
    to: number,
    settings: { key: gateway.user, secret: gateway.secret, from: gateway.from },
    secret: 'secret',
  },
  {
    kind: 'plivo',
    to: number,
    settings: { id: gateway.user, token: gateway.secret, from: gateway.from },
    secret: 'token',
  },
  { kind: 'telnyx', to: number, settings: { key: gateway.secret, from: `+${gateway.from}` }, secret: 'key' },
  { kind: 'gammu', to: number, settings: { user: gateway.user, password: gateway.secret }, secret: 'password' },
  {
    kind: 'kannel',
    to: number,
    settings: { user: gateway.user, password: gateway.secret, from: gateway.from },
    secret: 'password',
  },
  { kind: 'slack', to: 'U1', settings: { token: 'chat-token', signing: 'slack-signing-secret' }, secret: 'token' },
  { kind: 'telegram', to: '4711', settings: { token: 'chat-token' }, secret: 'token' },
  { kind: 'matrix', to: '!room:example.org', settings: { token: 'chat-token' }, secret: 'token' },
  { kind: 'webex', to: 'jane@example.org', settings: { token: 'chat-token' }, secret: 'token' },
  {
    kind: 'pushover',
    to: 'uQiRzpo4DXghDmr9QzzfQu27cmVRsG',
    settings: { token: 'azGDORePK8gMaC0QOYAMyEEuzJnyUi' },
    secret: 'token',
  },
  {
    kind: 'gateway',
    world: 'gammu',
    to: number,
    settings: {
      template:
        'request:\n  url: "{{.server}}/sms"\n  user: "{{.user}}"\n  password: "{{.secret}}"\n  json: {text: "{{.text}}", number: "{{.to}}"}\nwhy: message',
    },
    others: { user: gateway.user, secret: gateway.secret },
    secret: 'secret',
  },
  { kind: 'gotify', to: 'an-app-token', settings: {} },
  { kind: 'teams', to: '/teams/workflows/1', settings: {} },
  { kind: 'mattermost', to: '/mattermost/hooks/1', settings: {} },
  { kind: 'discord', to: '/discord/api/webhooks/1/token', settings: {} },
  { kind: 'googlechat', to: '/googlechat/v1/spaces/A/messages?key=k&token=t', settings: {} },
  { kind: 'rocketchat', to: '/rocketchat/hooks/1/token', settings: {} },
];

for (const device of [desk, phone]) {
  test(`every kind of channel is set up, tested, seen failing and repaired: ${device.name}`, async (browser) => {
    const world = await mockworld();
    const server = await start('serve', { args: ['--allow-network', world.host] });
    try {
      const { page, silent } = await open(browser, device);
      await setUp(page, server);
      await configure(page, server);
      await page.goto(`${server.url}/channels`);
      await page.getByRole('heading', { name: 'Channels', level: 1 }).waitFor();
      const known = await page.evaluate(async () =>
        (await (await fetch('/api/v1/channel-kinds')).json()).items.map((k) => k.kind),
      );
      assert.deepEqual([...kinds.map((k) => k.kind), 'twilio'].sort(), known.sort(), 'a kind is not tried');
      for (const { kind, world: name = kind, to, settings, others, secret } of kinds) {
        const title = `Our ${kind}`;
        await page.getByRole('button', { name: 'Add a channel' }).first().click();
        const form = page.getByRole('dialog', { name: 'Add a channel' });
        await form.getByLabel('Kind').selectOption(kind);
        await form.getByLabel(/^Name/).fill(title);
        const told = { ...settings, ...others, ...(secret ? { [secret]: 'wrong' } : {}) };
        if (!to.startsWith('/')) told.server = `${world.url}/${name}`;
        // What only a template names stands in lines of its own.
        const listed = others ? Object.keys(settings) : Object.keys(told);
        for (const setting of listed) await form.getByLabel(new RegExp(`^${setting}`, 'i')).fill(told[setting]);
        const more = Object.entries(told).filter(([setting]) => !listed.includes(setting));
        if (more.length)
          await form
            .getByLabel(/^Other settings/)
            .fill(more.map(([setting, value]) => `${setting}=${value}`).join('\n'));
        await form.getByRole('button', { name: 'Save' }).click();

        const trial = page.getByRole('dialog', { name: `Test ${title}` });
        const address = to.startsWith('/') ? world.url + to : to;
        const sendTest = async () => {
          await trial.getByLabel(/Your address/).fill(address);
          await trial.getByRole('button', { name: 'Test', exact: true }).click();
        };
        if (!secret) await fetch(`${world.url}/control/${name}/failing`, { method: 'POST' });
        await sendTest();
        await trial.locator('.bad q').waitFor();
        const said = await trial.locator('.bad q').innerText();
        assert.match(said, /\S{3}/, `${kind} says nothing of its own`);
        await page.screenshot({ path: `e2e/out/channel-${kind}-failing-${device.name}.png`, fullPage: true });
        await trial.getByRole('button', { name: 'Close' }).last().click();
        const line = page.locator('li', { hasText: title });
        await line.getByText(said.slice(0, 40)).first().waitFor();

        if (secret) {
          await line.getByRole('button', { name: `More about ${title}` }).click();
          await page.getByRole('menuitem', { name: 'Edit' }).click();
          const edit = page.getByRole('dialog', { name: 'Change the channel' });
          if (others) await edit.getByLabel(/^Other settings/).fill(`${secret}=${others[secret]}`);
          else await edit.getByLabel(new RegExp(`^${secret}`, 'i')).fill(settings[secret]);
          await edit.getByRole('button', { name: 'Save' }).click();
        } else await fetch(`${world.url}/control/${name}/ok`, { method: 'POST' });
        await line.getByRole('button', { name: 'Test', exact: true }).click();
        await sendTest();
        await trial.getByText(/Taken within/).waitFor();
        await trial.getByRole('button', { name: 'Close' }).last().click();
        console.log(`      ${kind}: ${said}`);
      }
      await page.screenshot({ path: `e2e/out/channels-all-${device.name}.png`, fullPage: true });
      silent();
    } finally {
      await server.stop();
      world.stop();
    }
  });

  test(`a channel is set up, tested, seen failing and repaired: ${device.name}`, async (browser) => {
    const world = await mockworld();
    const server = await start('serve', { args: ['--allow-network', world.host] });
    try {
      const { page, silent } = await open(browser, device);
      await setUp(page, server);
      await configure(page, server);
      const shot = (name) => page.screenshot({ path: `e2e/out/reach-${name}-${device.name}.png`, fullPage: true });
      await page.goto(`${server.url}/channels`);
      await page.getByRole('heading', { name: 'Channels', level: 1 }).waitFor();
      await page.getByRole('heading', { name: 'No provider is set up here' }).waitFor();
      await shot('empty');

      // Set up, with a token that is wrong.
      await page.getByRole('button', { name: 'Add a channel' }).first().click();
      const form = page.getByRole('dialog', { name: 'Add a channel' });
      await form.getByLabel('Kind').selectOption('twilio');
      await form.getByRole('button', { name: 'Save' }).click();
      await form.getByText('This is needed.').first().waitFor();
      await form.getByLabel(/^Name/).fill('Main SMS');
      await form.getByLabel(/^account/i).fill(account);
      await form.getByLabel(/^token/i).fill('wrong');
      await form.getByLabel(/^from/i).fill('+15005550006');
      await form.getByLabel(/^server/i).fill(`${world.url}/twilio`);
      await shot('form');
      await form.getByRole('button', { name: 'Save' }).click();

      // Tested: the provider's own words.
      const trial = page.getByRole('dialog', { name: 'Test Main SMS' });
      await trial.getByLabel(/Your address/).fill('+49 151 5550101');
      await trial.getByRole('button', { name: 'Test', exact: true }).click();
      await trial.getByText('error 20003').waitFor();
      await trial.getByRole('button', { name: 'Test', exact: true }).click();
      await page.waitForTimeout(300);
      await shot('failing-test');
      await trial.getByRole('button', { name: 'Close' }).last().click();
      const line = page.locator('li', { hasText: 'Main SMS' });
      await line.getByText(/20003/).waitFor();
      await shot('failing');

      // Repaired.
      await line.getByRole('button', { name: 'More about Main SMS' }).click();
      await page.getByRole('menuitem', { name: 'Edit' }).click();
      const edit = page.getByRole('dialog', { name: 'Change the channel' });
      assert.equal(await edit.getByLabel(/^token/i).inputValue(), '', 'a secret is shown');
      await edit.getByLabel(/^token/i).fill('twilio-token');
      await edit.getByRole('button', { name: 'Save' }).click();
      await line.getByRole('button', { name: 'Test', exact: true }).click();
      await trial.getByLabel(/Your address/).fill('+49 151 5550101');
      await trial.getByRole('button', { name: 'Test', exact: true }).click();
      await trial.getByText(/Taken within/).waitFor();
      await shot('tested');
      await trial.getByRole('button', { name: 'Close' }).last().click();

      // A second provider, tried before the first; then off and on.
      await api(page, 'POST', '/api/v1/channels', {
        id: 'backup',
        name: 'Backup SMS',
        kind: 'vonage',
        order: 9,
        settings: { key: 'house', secret: 'gateway-secret', from: '15005550007', server: `${world.url}/vonage` },
      });
      const order = () => page.locator('section', { hasText: 'SMS' }).locator('li strong').allInnerTexts();
      await until('both stand there', async () => (await order()).join() === 'Main SMS,Backup SMS');
      await page.getByRole('button', { name: 'More about Backup SMS' }).click();
      await page.getByRole('menuitem', { name: 'Try it sooner' }).click();
      await until('the other goes first', async () => (await order()).join() === 'Backup SMS,Main SMS');
      await page.getByRole('button', { name: 'More about Backup SMS' }).click();
      await page.getByRole('menuitem', { name: 'Switch off' }).click();
      await page.locator('li', { hasText: 'Backup SMS' }).getByText('switched off').waitFor();
      await shot('channels');
      const card = page.waitForEvent('download');
      await page.getByRole('button', { name: 'Contact card' }).click();
      assert.equal((await card).suggestedFilename(), 'tocsin.vcf');
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      assert.ok(wide <= 0, `${wide} px too wide`);
      silent();
    } finally {
      await server.stop();
      world.stop();
    }
  });

  test(`a message by hand is answered, live, and kept: ${device.name}`, async (browser) => {
    const server = await start('serve');
    try {
      const { page, silent } = await open(browser, device);
      await setUp(page, server);
      await configure(page, server);
      const shot = (name) => page.screenshot({ path: `e2e/out/reach-${name}-${device.name}.png`, fullPage: true });
      await api(page, 'PATCH', '/api/v1/services/catch-all', { policy: 'shop' });
      await api(page, 'POST', '/api/v1/teams', { id: 'shop', name: 'Shop', members: ['jane', 'omar'] });
      await page.goto(`${server.url}/calls`);
      await page.getByRole('heading', { name: 'Nobody has sent one yet' }).waitFor();
      await page.getByRole('button', { name: 'Keep a message' }).click();
      const keep = page.getByRole('dialog', { name: 'Keep a message' });
      await keep.getByLabel('What it says').fill('Can you come in?');
      await keep.getByRole('button', { name: 'Add an answer' }).click();
      await keep.getByLabel('Answer 1', { exact: true }).fill('yes');
      await keep.getByRole('button', { name: 'Add an answer' }).click();
      await keep.getByLabel('Answer 2', { exact: true }).fill('no');
      await shot('message');
      await keep.getByRole('button', { name: 'Save' }).click();
      await page.locator('li', { hasText: 'Can you come in?' }).getByRole('button', { name: 'Send' }).click();
      const send = page.getByRole('dialog', { name: 'Send a message' });
      await send.getByRole('button', { name: 'Send', exact: true }).click();
      await send.getByText('Name somebody.').waitFor();
      await send.getByRole('button', { name: 'Add', exact: false }).first().click();
      const whom = page.getByRole('dialog', { name: 'To', exact: true });
      await whom.getByLabel('Search').fill('Shop');
      await whom
        .getByRole('button', { name: /Shop.*Team/ })
        .first()
        .click();
      await send.getByLabel(/Enough after/).fill('1');
      await shot('send');
      await send.getByRole('button', { name: 'Send', exact: true }).click();
      await page.getByRole('heading', { name: 'Can you come in?', level: 1 }).waitFor();
      await page.getByRole('button', { name: 'no', exact: true }).click();
      await page.getByText('You answered: no').waitFor();
      await shot('call');
      await page.getByRole('button', { name: 'yes', exact: true }).click();
      await page.locator('.answer', { hasText: 'yes' }).waitFor();
      await page.getByText(/^over/).waitFor();
      await shot('call-over');
      await page.goto(`${server.url}/calls`);
      await page.getByRole('link', { name: 'Can you come in?' }).waitFor();
      await shot('calls');

      // What may reach oneself, and whether a team can be reached.
      await page.goto(`${server.url}/profile`);
      await page.getByLabel('Quiet hours').check();
      await page.getByLabel('Strict: nothing calls me then').check();
      await page.getByText('together, once a day').click();
      await page.getByRole('button', { name: 'Add a time' }).click();
      const away = page.locator('.span');
      await away.getByLabel('From').fill('2030-12-20T08:00');
      await away.getByLabel('To').fill('2030-12-19T08:00');
      const limits = page.locator('section', { hasText: 'What may reach you when' });
      await limits.getByRole('button', { name: 'Save' }).click();
      await limits.getByText('It ends before it begins.').waitFor();
      await away.getByLabel('To').fill('2031-01-04T08:00');
      await limits.getByRole('button', { name: 'Save' }).click();
      await page.getByText('Saved').first().waitFor();
      const { reach } = await api(page, 'GET', '/api/v1/me/profile');
      assert.deepEqual([reach.quiet.strict, reach.low, reach.away.length], [true, 'digest', 1]);
      await shot('limits');
      const teams = await api(page, 'GET', '/api/v1/teams');
      await page.goto(`${server.url}/teams/${teams.items[0].id}`);
      await page.getByRole('heading', { name: 'Can they be reached?' }).waitFor();
      await page.waitForTimeout(500);
      await shot('team');
      silent();
    } finally {
      await server.stop();
    }
  });
}
