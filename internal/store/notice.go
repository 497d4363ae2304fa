package store

import (
	"tocsin/incident"
	"tocsin/org"
)

// noticeMark stands for the sender of a notice, which has none.
const noticeMark = "notice:"

// PutNotice writes down how a notice stands, beside its log.
func (tx *Tx) PutNotice(in incident.Incident) error {
	if in.Notice == nil {
		return nil
	}
	if _, err := tx.exec(tx.s.sql.NoticePut, string(in.ID), string(in.Notice.Page), !in.Status.Open()); err != nil {
		return err
	}
	return tx.Touch("notices", string(in.ID))
}

// EverySubject are the ids of all that has a log, of whatever kind, newest first, from
// before one.
func (tx *Tx) EverySubject(before incident.ID, limit int) ([]incident.ID, error) {
	if before == "" {
		before = "~"
	}
	return tx.ids(tx.s.sql.EverySubject, string(before), limit)
}

// EveryOpen are the ids of all that people still have to care for, of whatever kind.
func (tx *Tx) EveryOpen(limit int) ([]incident.ID, error) { return tx.ids(tx.s.sql.EveryOpen, limit) }

// NoticeIDs lists the notices of a page, newest first, from before one; open leaves out
// those that are over.
func (tx *Tx) NoticeIDs(page org.StatusPageID, open bool, before incident.ID, limit int) ([]incident.ID, error) {
	if before == "" {
		before = "~" // behind every id
	}
	text := tx.s.sql.NoticesOf
	if open {
		text = tx.s.sql.NoticesOpen
	}
	return tx.ids(text, string(page), string(before), limit)
}
