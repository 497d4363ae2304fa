// An emulator of Telegram with its client's side: what the bot sends arrives in the chat,
// a button of it acknowledges, and then the message has only the button that still means
// something.
import assert from "node:assert/strict";
import TelegramServer from "telegram-test-api";

const { PORT, TOKEN, CHAT, ALARM } = process.env;
const server = new TelegramServer({ port: Number(PORT), host: "127.0.0.1", storage: "RAM", storeTimeout: 120 });
await server.start();
const user = server.getClient(TOKEN, { userId: Number(CHAT), chatId: Number(CHAT), timeout: 15000 });
const until = async (what, look) => {
  for (let i = 0; i < 200; i++) {
    const got = look();
    if (got) return got;
    await new Promise((again) => setTimeout(again, 100));
  }
  throw new Error("never " + what);
};
const sent = () => server.storage.botMessages.map((m) => m.message);

await fetch(ALARM, { method: "POST", body: JSON.stringify({ title: "db-1 is down", key: "k" }), headers: { "Content-Type": "application/json" } });
const page = await until("paged", () => sent().find((m) => m.text?.includes("db-1 is down")));
const buttons = page.reply_markup.inline_keyboard.flat();
assert.deepEqual(buttons.map((b) => b.text), ["Acknowledge", "Escalate", "Resolve"]);

// Somebody else's press does nothing; the person's own does.
const other = server.getClient(TOKEN, { userId: 99, chatId: 99 });
await other.sendCallback(other.makeCallbackQuery(buttons[0].callback_data));
await user.sendMessage(user.makeMessage("what is open?"));
await until("answered", () => sent().find((m) => m.text?.includes("I did not understand")));
assert.match(sent().find((m) => m.text?.includes("db-1 is down")).text, /^SEV3 db-1/);
await user.sendCallback(user.makeCallbackQuery(buttons[0].callback_data));
const after = await until("settled", () => sent().find((m) => m.text?.startsWith("Jane has it")));
assert.deepEqual(after.reply_markup.inline_keyboard.flat().map((b) => b.text), ["Resolve"]);
await user.sendMessage(user.makeMessage("r it was the fuse"));
await until("told", () => sent().find((m) => m.text === "Resolved: db-1 is down"));
await server.stop();
console.log("all is well");
