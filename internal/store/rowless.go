package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/pressly/goose/v3"
)

// rowlessVersion is the version of the schema since which SQLite keeps some tables in the
// order of their keys. PostgreSQL has the version, too, and nothing to do for it.
const rowlessVersion = 195

// rowless are the tables of SQLite without a row number of its own making: of small rows,
// which are written by the thousand and read by their keys. Each of them is one tree less
// to write to. Rows of more than a quarter of a page are better off with a number.
var rowless = []string{"log", "due", "feed", "subject_words", "figures"}

// rowlessMigration makes them so.
func rowlessMigration(d goose.Dialect) *goose.Migration {
	up := &goose.GoFunc{Mode: goose.TransactionEnabled}
	if d == goose.DialectSQLite3 {
		up.RunTx = func(ctx context.Context, tx *sql.Tx) error {
			for _, table := range rowless {
				if err := makeRowless(ctx, tx, table); err != nil {
					return fmt.Errorf("table %s: %w", table, err)
				}
			}
			return nil
		}
	}
	return goose.NewGoMigration(rowlessVersion, up, nil)
}

func makeRowless(ctx context.Context, tx *sql.Tx, table string) error {
	var text string
	if err := tx.QueryRowContext(ctx, `SELECT sql FROM sqlite_master WHERE type = 'table' AND name = ?`, table).Scan(&text); err != nil {
		return err
	}
	rows, err := tx.QueryContext(ctx, `SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`, table)
	if err != nil {
		return err
	}
	defer rows.Close()
	var indexes []string
	for rows.Next() {
		var index string
		if err := rows.Scan(&index); err != nil {
			return err
		}
		indexes = append(indexes, index)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	fresh := table + "_rowless"
	body := text[strings.Index(text, "("):]
	for _, statement := range append([]string{
		`CREATE TABLE ` + fresh + ` ` + body + ` WITHOUT ROWID`,
		`INSERT INTO ` + fresh + ` SELECT * FROM ` + table,
		`DROP TABLE ` + table,
		`ALTER TABLE ` + fresh + ` RENAME TO ` + table,
	}, indexes...) {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
