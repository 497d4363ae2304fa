package follow

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tocsin/incident"
	"tocsin/internal/store"
	"tocsin/org"
)

// A Payload is what a webhook hears of one fact (docs/webhooks.md). It is made from the
// log at every try, and is the same each time.
type Payload struct {
	ID       string          `json:"id"`   // of the delivery: the same at every try
	Type     string          `json:"type"` // kind of the fact
	At       time.Time       `json:"at"`
	By       incident.Actor  `json:"by"`
	Seq      int             `json:"seq"` // line of the incident's log, from 1
	Text     string          `json:"text"`
	Fact     json.RawMessage `json:"fact"`
	Incident Summary         `json:"incident"`
}

// A Summary is the incident as it was after the fact.
type Summary struct {
	ID       incident.ID     `json:"id"`
	Title    string          `json:"title"`
	Status   incident.Status `json:"status"`
	Severity org.Severity    `json:"severity"`
	Priority org.Priority    `json:"priority"`
	Service  org.ServiceID   `json:"service"`
	Team     org.TeamID      `json:"team"`
	URL      string          `json:"url"`
	Drill    bool            `json:"drill,omitempty"` // nothing is wrong: people practise
}

// errGone says that a line is not there any longer: it cannot be told.
var errGone = errors.New("the line is gone from the log")

// body is what is sent for a delivery.
func (w *Webhooks) body(tx *store.Tx, d store.Delivery) ([]byte, error) {
	log, err := tx.Log(d.Subject)
	if errors.Is(err, store.ErrNotFound) || err == nil && d.Seq > len(log) {
		return nil, errGone
	}
	if err != nil {
		return nil, err
	}
	e, in := log[d.Seq-1], incident.Fold(log[:d.Seq])
	if u, ok := e.Fact.(incident.Updated); ok && u.N == 0 { // it was taken back
		return nil, errGone
	}
	kind, fact, err := incident.Encode(e.Fact)
	if err != nil {
		return nil, err
	}
	b, err := json.Marshal(Payload{
		ID: d.ID, Type: kind, At: e.At, By: e.By, Seq: e.Seq, Text: e.Fact.String(), Fact: json.RawMessage(fact),
		Incident: w.summary(d.Subject, in),
	})
	if err != nil {
		return nil, fmt.Errorf("payload of %s: %w", d.ID, err)
	}
	return b, nil
}
