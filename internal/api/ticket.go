package api

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/follow"
	"tocsin/internal/tracker"
	"tocsin/org"
)

// A ticketDoor is where ticket systems say that something changed. The secret of the system
// is the permission: in the path, in a header, or in a signature over the body.
type ticketDoor struct {
	tickets *follow.Tickets
	engine  *engine.Engine
	log     *slog.Logger
}

func (d *ticketDoor) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	if err != nil {
		refuse(w, "problem", http.StatusRequestEntityTooLarge, "this is too long, or did not come whole")
		return
	}
	err = channel.ErrSignature
	rest := strings.TrimPrefix(strings.TrimLeft(r.URL.Path, "/"), strings.TrimLeft(tracker.DoorPath, "/"))
	id, secret, _ := strings.Cut(rest, "/")
	if d.tickets != nil {
		err = d.tickets.Heard(r.Context(), org.TicketSystemID(id), tracker.Request{Header: r.Header, Query: r.URL.Query(), Token: secret, Body: body}, d.engine.Now())
	}
	switch {
	case errors.Is(err, channel.ErrSignature): // nobody learns which systems there are
		d.log.Warn("what came to the door of a ticket system was refused", "system", id)
		refuse(w, "problem", http.StatusUnauthorized, channel.ErrSignature.Error())
	case tracker.ErrUnread(err):
		refuse(w, "problem", http.StatusBadRequest, err.Error())
	case err != nil:
		d.log.Error("what a ticket system said could not be taken; it will be asked for again", "system", id, "error", err)
		w.Header().Set("Retry-After", "30")
		refuse(w, "problem", http.StatusServiceUnavailable, "this cannot be taken now: try again")
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}
