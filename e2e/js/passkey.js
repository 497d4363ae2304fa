// A person and their passkey in a real browser, with an authenticator that Chromium
// plays: the password is set on the page that the link of `tocsin user reset` opens, a
// passkey is made, and it alone signs in again.
const assert = require('assert')
const { chromium } = require('playwright-core')
const [executablePath, server, link] = process.argv.slice(2)
const password = 'four plain words of jane'

async function main () {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  try {
    const page = await (await browser.newContext()).newPage()
    const cdp = await page.context().newCDPSession(page)
    await cdp.send('WebAuthn.enable')
    const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true }
    })

    await page.goto(link)
    await page.fill('input[name=password]', password)
    await page.click('button')
    assert.match(await page.textContent('main'), /Your password is set/)

    await page.goto(server + '/livez') // a page of that origin without a policy of its own
    const ask = (method, path, body) => page.evaluate(async ([method, path, body]) => {
      const got = await fetch('/api/v1' + path, { method, headers: { 'Content-Type': 'application/json' }, body: body && JSON.stringify(body) })
      const text = await got.text()
      return { status: got.status, body: text ? JSON.parse(text) : null }
    }, [method, path, body])
    const answer = (options) => page.evaluate(async ({ publicKey }) => {
      const asked = PublicKeyCredential.parseRequestOptionsFromJSON(publicKey)
      return (await navigator.credentials.get({ publicKey: asked })).toJSON()
    }, options)

    assert.strictEqual((await ask('POST', '/session', { person: 'jane', password })).status, 201)
    const options = await ask('POST', '/passkeys', { password })
    assert.strictEqual(options.status, 200, JSON.stringify(options))
    const credential = await page.evaluate(async ({ publicKey }) => {
      const asked = PublicKeyCredential.parseCreationOptionsFromJSON(publicKey)
      return (await navigator.credentials.create({ publicKey: asked })).toJSON()
    }, options.body)
    const kept = await ask('POST', '/passkeys/confirm', { name: 'laptop', credential })
    assert.strictEqual(kept.status, 201, JSON.stringify(kept))
    assert.strictEqual((await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length, 1)

    // Signed out, nobody; by the passkey alone, jane again.
    assert.strictEqual((await ask('DELETE', '/session')).status, 204)
    assert.strictEqual((await ask('GET', '/session')).status, 401)
    const said = await answer((await ask('POST', '/session/challenge', {})).body)
    const back = await ask('POST', '/session/passkey', said)
    assert.strictEqual(back.status, 201, JSON.stringify(back))
    const who = await ask('GET', '/session')
    assert.strictEqual(who.body.person, 'jane', JSON.stringify(who))

    // An answer is good once.
    assert.strictEqual((await ask('POST', '/session/passkey', said)).status, 401)

    // It proves who is there: TOTP may be set up by it, and it may remove itself while
    // there is a password.
    const proof = await answer((await ask('POST', '/passkeys/challenge')).body)
    const totp = await ask('POST', '/totp', { passkey: proof })
    assert.strictEqual(totp.status, 200, JSON.stringify(totp))
    const again = await answer((await ask('POST', '/passkeys/challenge')).body)
    const gone = await ask('POST', `/passkeys/${kept.body.id}/remove`, { passkey: again })
    assert.strictEqual(gone.status, 204, JSON.stringify(gone))
    const stale = await answer((await ask('POST', '/session/challenge', {})).body)
    assert.strictEqual((await ask('POST', '/session/passkey', stale)).status, 401)
    console.log('all is well')
  } finally {
    await browser.close()
  }
}

main().catch(error => { console.error(error); process.exit(1) })
