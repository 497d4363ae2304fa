package v1

import (
	"context"
	"strings"
)

// A Snippet is a piece of another program's configuration that makes it send here.
type Snippet struct {
	Program string `json:"program" doc:"Such as Alertmanager"`
	File    string `json:"file,omitempty" doc:"Where it goes"`
	Text    string `json:"text" doc:"KEY stands for the integration's key, which was shown once"`
	Note    string `json:"note,omitempty"`
}

// snippetsOf are the snippets by source. URL stands for the public URL, HOST for its host
// and path, KEY for the key.
var snippetsOf = map[string][]Snippet{
	"alertmanager": {
		{"Alertmanager", "alertmanager.yml", `route:
  receiver: tocsin
  group_by: ['...']
  group_wait: 0s
  group_interval: 10s
  repeat_interval: 1h
receivers:
  - name: tocsin
    webhook_configs:
      - url: URL/in/alertmanager/KEY
        send_resolved: true
`, "Tocsin groups and deduplicates by itself: Alertmanager only passes on."},
		{"Prometheus", "prometheus.yml", `alerting:
  alertmanagers:
    - scheme: SCHEME
      path_prefix: PATH/am/KEY
      static_configs:
        - targets: ['HOST']
`, "Without an Alertmanager in between."},
		{"amtool", "", "amtool alert add --alertmanager.url=URL/am/KEY alertname=test severity=info\n", "To try it out; it ends by itself after five minutes."},
		{"curl", "", `curl -H 'Content-Type: application/json' URL/in/alertmanager/KEY -d '{"version":"4","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"test","severity":"info"},"annotations":{"summary":"A test"},"startsAt":"2026-01-01T00:00:00Z"}]}'
`, "To try it out."},
	},
	"grafana": {
		{"Grafana", "Alerting > Contact points > Add: Webhook", `URL: URL/in/grafana/KEY
HTTP method: POST
Disable resolved message: off
`, "The same as a file, below provisioning/alerting."},
		{"Grafana", "provisioning/alerting/tocsin.yaml", `apiVersion: 1
contactPoints:
  - orgId: 1
    name: tocsin
    receivers:
      - uid: tocsin
        type: webhook
        settings:
          url: URL/in/grafana/KEY
          httpMethod: POST
`, ""},
	},
	"grafana-legacy": {
		{"Grafana before 9", "Alerting > Notification channels > New: webhook", "Url: URL/in/grafana-legacy/KEY\nHttp Method: POST\n", ""},
	},
	"pagerduty": {
		{"Whatever speaks PagerDuty Events v2", "", "URL: URL/v2/enqueue\nRouting key: KEY\n", "Agents of the Events API v1 take URL/generic/2010-04-15/create_event.json, with KEY as service key."},
		{"Alertmanager", "alertmanager.yml", `receivers:
  - name: tocsin
    pagerduty_configs:
      - url: URL/v2/enqueue
        routing_key: KEY
`, "Its webhook says more: make an integration of the source alertmanager for it."},
		{"curl", "", `curl URL/v2/enqueue -d '{"routing_key":"KEY","event_action":"trigger","dedup_key":"test","payload":{"summary":"A test","source":"here","severity":"info"}}'
curl URL/v2/enqueue -d '{"routing_key":"KEY","event_action":"resolve","dedup_key":"test"}'
`, "To try it out, and to end it."},
	},
	"opsgenie": {
		{"Whatever speaks Opsgenie's Alert API", "", "API URL: URL\nAPI key: KEY\n", "Its SDKs take the host HOST."},
		{"Alertmanager", "alertmanager.yml", `receivers:
  - name: tocsin
    opsgenie_configs:
      - api_url: URL/
        api_key: KEY
`, ""},
		{"curl", "", `curl -H 'Authorization: GenieKey KEY' -H 'Content-Type: application/json' URL/v2/alerts -d '{"message":"A test","alias":"test","priority":"P5"}'
curl -H 'Authorization: GenieKey KEY' -H 'Content-Type: application/json' 'URL/v2/alerts/test/close?identifierType=alias' -d '{}'
`, "To try it out, and to end it."},
	},
	"github": {
		{"GitHub", "Settings > Webhooks > Add webhook", "Payload URL: URL/in/github/KEY\nContent type: application/json\nEvents: Deployment statuses, Pushes, Releases\n", "Changes, not alerts: deployments, releases, and pushes to the default branch. Rules see the labels repository, environment and branch."},
	},
	"gitlab": {
		{"GitLab", "Settings > Webhooks > Add new webhook", "URL: URL/in/gitlab/KEY\nTrigger: Push events, Merge request events, Deployment events, Releases events\n", "Changes, not alerts: deployments, releases, merges, and pushes to the default branch. Rules see the labels repository, environment and branch."},
	},
	"generic": {
		{"Any webhook", "", "URL: URL/in/generic/KEY\nMethod: POST\n", "JSON, a form or plain text. Send a key and a state (firing, resolved): without them nothing ever ends by itself."},
		{"curl", "", `curl URL/in/generic/KEY -d '{"key":"test","state":"firing","title":"A test","severity":"info"}'
curl URL/in/generic/KEY -d '{"key":"test","state":"resolved"}'
`, "To try it out, and to end it."},
		{"cron", "crontab", "0 3 * * * backup.sh && curl -fsS -m 10 --retry 5 URL/in/heartbeat/KEY/backup\n", "With a heartbeat named backup: silence opens an incident."},
	},
}

func (a *API) snippets(ctx context.Context, in *ThingID) (*pageOf[Snippet], error) {
	of, err := a.integration(asking(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	public := a.engine.PublicURL()
	scheme, rest, _ := strings.Cut(public, "://")
	host, path, ok := strings.Cut(rest, "/")
	if ok {
		path = "/" + path
	}
	with := strings.NewReplacer("URL: URL", "URL: "+public, "Url: URL", "Url: "+public, "API URL: URL", "API URL: "+public, "URL", public, "SCHEME", scheme, "PATH", path, "HOST", host)
	out := &pageOf[Snippet]{Body: page[Snippet]{Items: []Snippet{}}}
	for _, s := range snippetsOf[of.Source] {
		s.Text, s.Note = with.Replace(s.Text), with.Replace(s.Note)
		out.Body.Items = append(out.Body.Items, s)
	}
	return out, nil
}
