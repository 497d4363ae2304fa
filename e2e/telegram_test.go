package e2e

import (
	"fmt"
	"net"
	"testing"
)

// Telegram's emulator takes what we send, and its people's presses and words are heard.
func TestTelegram(t *testing.T) {
	dir := installJS(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	const token, chat = "1:bot-token", "4711"
	s := start(t, `
people:
  - {id: jane, name: Jane, methods: [{id: t, channel: telegram, address: "`+chat+`"}], rules: [{method: t}]}
policies: [{id: p, levels: [{targets: ["person:jane"], wait: 5m}]}]
services: [{id: db, policy: p}]
integrations: [{id: in, source: generic, service: db, key: sixteen-or-more-letters}]
settings: {catch_all: db}
channels:
  - {id: bot, kind: telegram, settings: {token: "`+token+`", server: "http://127.0.0.1:`+fmt.Sprint(port)+`"}}
`, "--allow-network", fmt.Sprintf("127.0.0.1:%d", port))
	runJS(t, dir, []string{
		fmt.Sprintf("PORT=%d", port), "TOKEN=" + token, "CHAT=" + chat, "ALARM=" + s.URL + "/in/generic/sixteen-or-more-letters",
	}, "telegram.mjs")
}
