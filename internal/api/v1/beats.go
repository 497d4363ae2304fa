package v1

import (
	"context"
	"encoding/json"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// A BeatState is how a heartbeat is now.
type BeatState struct {
	Heartbeat org.HeartbeatID `json:"heartbeat"`
	Name      string          `json:"name"`
	State     string          `json:"state" enum:"new,waiting,missed,resting" doc:"new: it was never heard; waiting: for its next ping; missed: it is silent for too long; resting: nobody waits, the next ping begins anew"`
	PingedAt  *time.Time      `json:"pinged_at,omitempty" doc:"The last sign of life"`
	LateAt    *time.Time      `json:"late_at,omitempty" doc:"While it is waited for: when its silence is an alarm"`
}

type beatOut struct{ Body BeatState }

func (a *API) beat(ctx context.Context, in *ThingID) (*beatOut, error) {
	row, ok := asking(ctx).setup.rows[thing{config.Heartbeat, in.ID}]
	if !ok {
		return nil, store.ErrNotFound
	}
	beats, err := a.heard(ctx)
	if err != nil {
		return nil, err
	}
	state, err := beatOf(row, beats)
	return &beatOut{state}, err
}

// beats are few: they are answered at once.
func (a *API) beats(ctx context.Context, _ *only) (*pageOf[BeatState], error) {
	out := &pageOf[BeatState]{Body: page[BeatState]{Items: []BeatState{}}}
	beats, err := a.heard(ctx)
	for _, row := range asking(ctx).setup.all {
		if row.Kind != config.Heartbeat || row.Retired || err != nil {
			continue
		}
		var one BeatState
		if one, err = beatOf(row, beats); err == nil {
			out.Body.Items = append(out.Body.Items, one)
		}
	}
	return out, err
}

func (a *API) heard(ctx context.Context) (beats map[string]store.Beat, err error) {
	err = a.store.Read(ctx, func(tx *store.Tx) (err error) {
		beats, err = tx.Beats()
		return err
	})
	return beats, err
}

func beatOf(row store.ConfigRow, beats map[string]store.Beat) (BeatState, error) {
	var b org.Heartbeat
	if err := json.Unmarshal(row.Body, &b); err != nil {
		return BeatState{}, err
	}
	out := BeatState{Heartbeat: b.ID, Name: b.Name, State: "new"}
	if w, heard := beats[row.ID]; heard {
		out.State, out.PingedAt = string(w.State), shown(w.PingedAt)
		if w.State == store.BeatWaiting {
			w.Every = b.Every.D()
			out.LateAt = shown(w.Deadline())
		}
	}
	if row.Retired || b.Disabled {
		out.State, out.LateAt = string(store.BeatResting), nil
	}
	return out, nil
}
