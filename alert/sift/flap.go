package sift

import (
	"slices"
	"time"

	"tocsin/alert"
	"tocsin/org"
)

// How flapping is measured: of the last twenty changes, the newer ones weigh more
// (Icinga's weights, from 0.80 to 1.18); a change counts for six hours.
const (
	flapBits = 20
	flapAge  = 6 * time.Hour
	flapHigh = 30.0
	flapLow  = 25.0
)

// Percent is how much twenty looks, oldest first, changed; the oldest weighs first, the
// newest last, and those between in even steps.
func Percent(changed []bool, first, last float64) float64 {
	sum, step := 0.0, (last-first)/float64(len(changed)-1)
	for i, c := range changed {
		if c {
			sum += first + step*float64(i)
		}
	}
	return 100 * sum / float64(len(changed))
}

// flapping is how much an alert flaps that came or went at these times.
func flapping(changes []time.Time, now time.Time) float64 {
	bits := make([]bool, flapBits)
	at := flapBits
	for _, c := range slices.Backward(changes) {
		if at--; at < 0 || now.Sub(c) >= flapAge {
			break
		}
		bits[at] = true
	}
	return Percent(bits, 0.80, 1.18)
}

// limits are the per cent at which flapping begins and ends.
func limits(f org.Flapping) (high, low float64) {
	high, low = f.High, f.Low
	if high == 0 {
		high = flapHigh
	}
	if low == 0 {
		low = min(flapLow, high)
	}
	return high, low
}

// note adds a change to the last ones.
func note(times []time.Time, at time.Time, keep int) []time.Time {
	times = append(slices.Clip(times), at)
	if len(times) > keep {
		times = slices.Clone(times[len(times)-keep:])
	}
	return times
}

// calmAt is when an alert that changes no more stops flapping.
func calmAt(changes []time.Time, low float64, now time.Time) time.Time {
	for _, c := range changes {
		at := c.Add(flapAge)
		if at.After(now) && flapping(changes, at) < low {
			return at
		}
	}
	return now
}

// Change notes that an alert came or went, and says whether it begins or ends to flap by
// that.
func (s *Sieve) Change(a *alert.Alert, now time.Time) (began bool, percent float64) {
	if s == nil {
		return false, 0
	}
	f := s.of(a.Service).Flapping
	if f == nil || f.Off || a.Severity == org.SEV1 && !f.Sev1 {
		a.Sifted.Changes, a.Sifted.Flapping = nil, time.Time{}
		return false, 0
	}
	high, _ := limits(*f)
	a.Sifted.Changes = note(a.Sifted.Changes, now, flapBits)
	percent = flapping(a.Sifted.Changes, now)
	if a.Sifted.Flapping.IsZero() && percent > high {
		a.Sifted.Flapping = now
		return true, percent
	}
	return false, percent
}

// Flaps is how much an alert flaps, in per cent.
func (s *Sieve) Flaps(a *alert.Alert, now time.Time) float64 { return flapping(a.Sifted.Changes, now) }

// Calm is when an alert that flaps stops to, if it changes no more.
func (s *Sieve) Calm(a *alert.Alert, now time.Time) time.Time {
	f := s.of(a.Service).Flapping
	if f == nil || f.Off {
		return now
	}
	_, low := limits(*f)
	return calmAt(a.Sifted.Changes, low, now)
}
