package source

import "tocsin/alert"

type Generic struct{}

func (Generic) Name() string { return "generic" }

func (Generic) Parse(head map[string][]string, body []byte) ([]alert.Event, error) {
	all, err := decodeAll(body)
	_ = all
	return nil, err
}
