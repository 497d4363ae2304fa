package api

import (
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"

	"tocsin/internal/channel"
	"tocsin/internal/engine"
	"tocsin/internal/store"
)

// hooks are the doors of the providers: what became of pages, and what people replied.
// The vendor's signature is the permission.
type hooks struct {
	engine *engine.Engine
	log    *slog.Logger
}

const maxHook = 1 << 20 // bytes of a callback

func (h *hooks) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxHook))
	if err != nil {
		refuse(w, "problem", http.StatusRequestEntityTooLarge, "this is too long, or did not come whole")
		return
	}
	rest := strings.TrimPrefix(strings.TrimLeft(r.URL.EscapedPath(), "/"), strings.TrimLeft(channel.DoorPath, "/"))
	id, path, _ := strings.Cut(rest, "/")
	// The URL is the one that the vendor was told: it signs that, whatever stands in
	// between.
	address := h.engine.PublicURL() + channel.DoorPath + rest
	if r.URL.RawQuery != "" {
		address += "?" + r.URL.RawQuery
	}
	res, err := h.engine.Door(r.Context(), id, channel.Request{
		Method: r.Method, URL: address, Path: path, Query: r.URL.Query(), Header: r.Header, Body: body,
	}, h.engine.Now())
	switch {
	case errors.Is(err, store.ErrNotFound), errors.Is(err, channel.ErrSignature): // nobody learns which channels there are
		h.log.Warn("a callback was refused", "channel", id, "error", err)
		refuse(w, "problem", http.StatusUnauthorized, channel.ErrSignature.Error())
	case err != nil:
		h.log.Error("a provider's callback could not be taken; it will be asked for again", "channel", id, "error", err)
		refuse(w, "problem", http.StatusServiceUnavailable, "this cannot be taken now: try again")
	default:
		if res.Type != "" {
			w.Header().Set("Content-Type", res.Type)
		}
		w.WriteHeader(res.Status)
		io.WriteString(w, res.Body) // whoever has gone will ask again
	}
}
