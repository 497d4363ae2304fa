package v1

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"tocsin/internal/config"
)

// plain is a body without what only we write, and with its id.
func (k *kind) plain(id string, body json.RawMessage) ([]byte, error) {
	into := reflect.New(k.of)
	decoder := json.NewDecoder(bytes.NewReader(body))
	if err := decoder.Decode(into.Interface()); err != nil {
		return nil, wrong("body", err.Error())
	}
	if k.name == config.Rules {
		return json.Marshal(append([]any{}, anys(into.Elem().Field(0))...))
	}
	v := into.Elem()
	if f := v.FieldByName("ID"); f.IsValid() {
		if given := f.String(); given != "" && given != id {
			return nil, wrong("body.id", fmt.Sprintf("is %q, and the path says %q", given, id))
		}
		f.SetString(id)
	}
	for _, ours := range []string{"Retired", "Version", "KeyHash", "Secret"} {
		if f := v.FieldByName(ours); f.IsValid() {
			f.SetZero()
		}
	}
	return json.Marshal(v.Interface())
}

func anys(list reflect.Value) (out []any) {
	for i := range list.Len() {
		out = append(out, list.Index(i).Interface())
	}
	return out
}

// form checks a body that is made here as huma checks one that comes in.
func (k *kind) form(body []byte) error {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return wrong("body", err.Error())
	}
	registry := k.api.huma.OpenAPI().Components.Schemas
	result := huma.ValidateResult{}
	huma.Validate(registry, k.schema(), huma.NewPathBuffer([]byte("body"), 4), huma.ModeWriteToServer, v, &result)
	if len(result.Errors) > 0 {
		return huma.Error422UnprocessableEntity("validation failed", result.Errors...)
	}
	return nil
}

// merge applies a merge patch (RFC 7396) to a JSON object.
func merge(body, patch []byte) ([]byte, error) {
	var to, from any
	if err := json.Unmarshal(body, &to); err != nil {
		return nil, fmt.Errorf("v1: merge: %w", err)
	}
	if err := json.Unmarshal(patch, &from); err != nil {
		return nil, wrong("body", err.Error())
	}
	if o, ok := to.(map[string]any); ok {
		for _, field := range hidden { // are never seen, and stay
			delete(o, field)
		}
	}
	return json.Marshal(merged(to, from))
}

func merged(to, from any) any {
	changes, ok := from.(map[string]any)
	if !ok {
		return from
	}
	object, ok := to.(map[string]any)
	if !ok {
		object = map[string]any{}
	}
	for name, v := range changes {
		if v == nil {
			delete(object, name)
		} else {
			object[name] = merged(object[name], v)
		}
	}
	return object
}
