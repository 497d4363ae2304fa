// Package convert turns the configuration of other products into ours. Nothing is
// dropped in silence: what has no counterpart is told, with where it stands.
package convert

import "tocsin/internal/config"

// A Result is a set-up, and what could not be said in it.
type Result struct {
	Setup config.Setup
	Left  []string // "route.routes[0]: continue: ..."
}
