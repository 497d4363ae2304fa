package store

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// The object ids of the types that columns and values have: of PostgreSQL's catalogue.
const (
	oidBool  = 16
	oidBytea = 17
	oidInt8  = 20
	oidInt4  = 23
	oidText  = 25
	oidJSON  = 114 // a plan
)

// encode is the values of a statement as PostgreSQL takes them in its binary format. Those
// of a bulk are columns, which are good until the next are encoded.
func (t *pgTx) encode(s *pgconn.StatementDescription, args []any, place *scratch) ([][]byte, error) {
	if len(args) == 0 {
		return nil, nil
	}
	if len(args) != len(s.ParamOIDs) {
		return nil, fmt.Errorf("%d values where %d are asked for", len(args), len(s.ParamOIDs))
	}
	switch args[0].(type) {
	case []string, [][]byte, []int64, []bool:
		return place.encodeArrays(args)
	}
	all := make([][]byte, len(args))
	for i, a := range args {
		var err error
		if all[i], err = encodeValue(t.pg.TypeMap(), s.ParamOIDs[i], a); err != nil {
			return nil, fmt.Errorf("value %d: %w", i+1, err)
		}
	}
	return all, nil
}

// encodeValue does what the statements need itself, and leaves the rest to the driver.
func encodeValue(m *pgtype.Map, oid uint32, a any) ([]byte, error) {
	switch a := a.(type) {
	case nil:
		return nil, nil
	case string:
		if oid == oidText {
			return append([]byte{}, a...), nil
		}
	case []byte:
		if oid == oidBytea {
			return a, nil
		}
	case int:
		if oid == oidInt8 {
			return binary.BigEndian.AppendUint64(nil, uint64(a)), nil
		}
	case int64:
		if oid == oidInt8 {
			return binary.BigEndian.AppendUint64(nil, uint64(a)), nil
		}
	case bool:
		if oid == oidBool {
			if a {
				return []byte{1}, nil
			}
			return []byte{0}, nil
		}
	}
	return m.Encode(oid, pgtype.BinaryFormatCode, a, []byte{})
}

// A pgRow is a row of an answer of PostgreSQL, in its binary format.
type pgRow struct {
	fields []pgconn.FieldDescription
	values [][]byte
}

// Scan copies the columns, as that of database/sql does.
func (r *pgRow) Scan(into ...any) error {
	if len(into) != len(r.values) {
		return fmt.Errorf("%d columns, and places for %d", len(r.values), len(into))
	}
	for i, to := range into {
		if err := scanValue(r.fields[i].DataTypeOID, r.values[i], to); err != nil {
			return fmt.Errorf("column %s: %w", r.fields[i].Name, err)
		}
	}
	return nil
}

func scanValue(oid uint32, v []byte, to any) error {
	if v != nil {
		switch {
		case oid == oidText || oid == oidBytea || oid == oidJSON:
			switch to := to.(type) {
			case *string:
				*to = string(v)
				return nil
			case *[]byte:
				*to = slices.Clone(v)
				return nil
			case *sql.RawBytes:
				*to = v
				return nil
			}
		case oid == oidInt8:
			switch to := to.(type) {
			case *int64:
				*to = int64(binary.BigEndian.Uint64(v))
				return nil
			case *int:
				*to = int(binary.BigEndian.Uint64(v))
				return nil
			}
		case oid == oidBool:
			if to, ok := to.(*bool); ok {
				*to = v[0] != 0
				return nil
			}
		}
	}
	return scanOther(oid, v, to)
}

// scanOther is for what is rare: NULL, types of ours, and those that take what comes.
func scanOther(oid uint32, v []byte, to any) error {
	var value any
	if v != nil {
		switch oid {
		case oidText:
			value = string(v)
		case oidBytea:
			value = slices.Clone(v)
		case oidBool:
			value = v[0] != 0
		case oidInt8:
			value = int64(binary.BigEndian.Uint64(v))
		case oidInt4:
			value = int64(int32(binary.BigEndian.Uint32(v)))
		default:
			return fmt.Errorf("a value of type %d", oid)
		}
	}
	return put(value, to)
}

// put has a place take a value as databases give them out: NULL, types of ours, and what
// takes anything.
func put(value, to any) error {
	if to, ok := to.(sql.Scanner); ok {
		return to.Scan(value)
	}
	place := reflect.ValueOf(to).Elem()
	switch value := value.(type) {
	case nil:
		if k := place.Kind(); k == reflect.Slice || k == reflect.Pointer || k == reflect.Interface {
			place.SetZero()
			return nil
		}
	case string:
		if place.Kind() == reflect.String {
			place.SetString(value)
			return nil
		}
	case int64:
		if place.CanInt() && !place.OverflowInt(value) {
			place.SetInt(value)
			return nil
		}
	case float64:
		if place.CanFloat() {
			place.SetFloat(value)
			return nil
		}
	}
	return fmt.Errorf("%T does not go into %T", value, to)
}
