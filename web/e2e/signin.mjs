// The other ways in: a passkey, and a code beside the password, set up in the profile.
import { createHmac } from 'node:crypto';
import { assert, desk, open, password, phone, setUp, test } from './harness.mjs';
import { start } from './server.mjs';

/** What an authenticator app shows for a secret (RFC 6238). */
function code(secret, at = Date.now()) {
  const bits = [...secret.replace(/\s/g, '')].map((c) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'),
  );
  const key = Buffer.from(
    bits
      .join('')
      .match(/.{8}/g)
      .map((b) => parseInt(b, 2)),
  );
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function out(page, server, context) {
  await context.clearCookies();
  await page.goto(`${server.url}/sign-in`);
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
}
const inside = (page) => page.getByRole('heading', { name: 'Incidents', exact: true }).waitFor();

test('a passkey is added in the profile, signs in without a password, proves, and is removed', async (browser) => {
  const server = await start('serve');
  try {
    const { page, context, silent } = await open(browser, phone);
    const cdp = await context.newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
        automaticPresenceSimulation: true,
      },
    });
    await setUp(page, server);
    await page.goto(`${server.url}/profile?part=signin`);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    let dialog = page.getByRole('dialog', { name: 'Add a passkey' });
    await dialog.getByLabel('Your password').fill('wrong wrong wrong');
    await dialog.getByRole('button', { name: 'Next' }).click();
    await dialog.locator('.wrong').first().waitFor();
    await dialog.getByLabel('Your password').fill(password);
    await dialog.getByLabel('Name').fill('My phone');
    await dialog.getByRole('button', { name: 'Next' }).click();
    const key = page.locator('li', { hasText: 'My phone' });
    await key.waitFor();

    await out(page, server, context);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await inside(page);

    // It proves who one is in the place of the password, here for its own removal.
    await page.goto(`${server.url}/profile?part=signin`);
    await key.getByText('used').waitFor();
    await key.getByRole('button').click();
    dialog = page.getByRole('dialog');
    await dialog.getByRole('button', { name: 'passkey' }).click();
    await key.waitFor({ state: 'detached' });
    await out(page, server, context);
    await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
    await page.getByRole('alert').waitFor();
    assert.match(page.url(), /sign-in/);
    silent(/status of 4(01|03|22)/);
  } finally {
    await server.stop();
  }
});

test('a code beside the password is set up in the profile and asked for; a recovery code works once', async (browser) => {
  const server = await start('serve');
  try {
    const { page, context, silent } = await open(browser, desk);
    await setUp(page, server);
    await page.goto(`${server.url}/profile?part=signin`);
    await page.getByRole('button', { name: 'Set up' }).click();
    let dialog = page.getByRole('dialog');
    await dialog.getByLabel('Your password').fill(password);
    await dialog.getByRole('button', { name: 'Next' }).click();
    dialog = page.getByRole('dialog', { name: 'Authenticator app' });
    const secret = await dialog.locator('pre').innerText();
    await dialog.getByRole('textbox', { name: 'Code' }).fill('000000');
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.locator('.wrong').waitFor();
    const first = code(secret);
    await dialog.getByRole('textbox', { name: 'Code' }).fill(first);
    await dialog.getByRole('button', { name: 'Confirm' }).click();
    await dialog.getByText('recovery').first().waitFor();
    const [recovery] = (await dialog.locator('pre').innerText()).split('\n');

    const enter = async (more) => {
      await out(page, server, context);
      await page.getByLabel('Name or e-mail').fill('jane');
      await page.getByLabel('Password').fill(password);
      await page.keyboard.press('Enter');
      await page.getByText('One more thing').waitFor();
      await page.getByLabel('Code').fill(more);
      await page.keyboard.press('Enter');
    };
    await enter(first); // it was used, to set it up
    await page.getByRole('alert').waitFor();
    await enter(code(secret, Date.now() + 30_000)); // a clock that is a little ahead
    await inside(page);
    await enter(recovery);
    await inside(page);
    await enter(recovery);
    await page.getByRole('alert').waitFor();
    silent(/status of 4(01|03|22)/);
  } finally {
    await server.stop();
  }
});
