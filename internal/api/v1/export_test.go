package v1

// LookThrough changes how far the list of what calls somebody looks, until put back.
func LookThrough(n int) (back func()) {
	was := lookedThrough
	lookedThrough = n
	return func() { lookedThrough = was }
}
