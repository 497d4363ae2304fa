// Twilio's own package judges what Tocsin says and hears: the TwiML of a call, and the
// signature of what Twilio sends.
import assert from "node:assert/strict";
import twilio from "twilio";

const { DOOR, TOKEN, TWIML, ACTION, PAGE, FROM } = process.env;

// The call says what Twilio's own builder would say.
const response = new twilio.twiml.VoiceResponse();
const spoken = [...TWIML.split("</Gather>")[0].matchAll(/<Say>(.*?)<\/Say>/g)].map((m) => m[1].replaceAll("&#39;", "'").replaceAll("&#34;", '"').replaceAll("&amp;", "&").replaceAll("&lt;", "<").replaceAll("&gt;", ">"));
for (let i = 0; i < 3; i++) {
  const gather = response.gather({ input: "dtmf", numDigits: 1, timeout: 5, action: ACTION, method: "POST" });
  spoken.forEach((s) => gather.say(s));
}
response.say("Nobody pressed a key. Goodbye.");
const canonical = (s) => s.replace(/<\?xml.*?\?>\s*/, "").replaceAll("&apos;", "'").replaceAll("&#39;", "'").replaceAll("&#34;", '"').replaceAll("&quot;", '"');
assert.equal(canonical(TWIML), canonical(response.toString()));

// What Twilio signs is heard, and nothing else.
const send = async (path, params, token = TOKEN) => {
  const url = DOOR + path;
  return fetch(url, {
    method: "POST",
    headers: { "X-Twilio-Signature": twilio.getExpectedTwilioSignature(token, url, params) },
    body: new URLSearchParams(params),
  });
};
let res = await send("/sms/" + PAGE, { MessageSid: "SM1", MessageStatus: "delivered", To: FROM, From: "+15005550006" }, "another token");
assert.equal(res.status, 401);
res = await send("/sms/" + PAGE, { MessageSid: "SM1", MessageStatus: "delivered", To: FROM, From: "+15005550006" });
assert.equal(res.status, 204);
res = await send("/sms", { MessageSid: "SM2", From: FROM, To: "+15005550006", Body: "Ok, I'm on it & well" });
assert.equal(res.status, 200);
res = await send("/sms", { MessageSid: "SM3", From: FROM, To: "+15005550006", Body: "ack" });
const text = await res.text();
assert.match(text, /<Response><Message>You have it/);
console.log("all is well");
