package store

import (
	"encoding/json"
	"io/fs"
	"time"

	"tocsin/incident"
	"tocsin/internal/secret"
	"tocsin/investigate/talk"
)

// An Attachment is what somebody attached, without its bytes (internal/blob).
type Attachment struct {
	ID     string
	PartOf string // "" while it is attached to nothing
	By     incident.Actor
	At     time.Time
	Size   int
	Key    secret.Key
	// What is sealed.
	Name          string
	Type          string
	Image, Small  bool
	Width, Height int
}

// File is the attachment as a message knows it.
func (a Attachment) File() talk.File {
	return talk.File{ID: a.ID, Name: a.Name, Type: a.Type, Size: a.Size, Image: a.Image, Width: a.Width, Height: a.Height, Small: a.Small}
}

func attachmentPlace(id, column string) string { return "attachments/" + column + "/" + id }

// AddAttachment writes one whose bytes are on their way.
func (tx *Tx) AddAttachment(a Attachment) error {
	body, err := json.Marshal(a.File())
	if err != nil {
		return tx.fail(err)
	}
	_, err = tx.exec(tx.s.sql.AttachmentAdd, a.ID, string(a.By), micros(a.At), a.Size,
		tx.s.ring.WrapKey(attachmentPlace(a.ID, "key"), a.Key), tx.s.ring.Seal(attachmentPlace(a.ID, "body"), body))
	return err
}

// AttachmentKept says that its bytes have come. One that was given up meanwhile is
// ErrNotFound.
func (tx *Tx) AttachmentKept(id string) error {
	n, err := tx.exec(tx.s.sql.AttachmentKept, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}

// Attachment reads one that is there.
func (tx *Tx) Attachment(id string) (a Attachment, err error) {
	var at int64
	var state, key, body string
	if err := tx.row(tx.s.sql.Attachment, id)(&a.ID, &a.PartOf, &a.By, &at, &state, &a.Size, &key, &body); err != nil {
		return a, err
	}
	a.At = moment(at)
	if a.Key, err = tx.s.ring.UnwrapKey(attachmentPlace(id, "key"), key); err != nil {
		return a, err
	}
	plain, err := tx.s.ring.Open(attachmentPlace(id, "body"), body)
	if err != nil {
		return a, err
	}
	var f talk.File
	err = json.Unmarshal(plain, &f)
	a.Name, a.Type, a.Image, a.Small, a.Width, a.Height = f.Name, f.Type, f.Image, f.Small, f.Width, f.Height
	return a, err
}

// Attach makes attachments that somebody brought a part of something. One that is not
// theirs, is part of something already, or was dropped, is ErrNotFound.
func (tx *Tx) Attach(by incident.Actor, partOf string, ids ...string) (all []Attachment, err error) {
	for _, id := range ids {
		a, err := tx.Attachment(id)
		if err == nil && a.By != by {
			err = ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		n, err := tx.exec(tx.s.sql.AttachmentTake, id, partOf)
		if err == nil && n == 0 {
			err = ErrNotFound
		}
		if err != nil {
			return nil, err
		}
		a.PartOf = partOf
		all = append(all, a)
	}
	return all, nil
}

// DoomAttachments drops the keys of what is part of something, so that nobody reads it
// from now on; its bytes follow (blob.Sweep).
func (tx *Tx) DoomAttachments(partOf string) error {
	_, err := tx.exec(tx.s.sql.AttachmentsDoom, partOf)
	return err
}

// DoomLoose does the same with what is attached to nothing since before a moment.
func (tx *Tx) DoomLoose(before time.Time) error {
	_, err := tx.exec(tx.s.sql.AttachmentsLoose, micros(before))
	return err
}

// DoomedAttachments are some whose bytes are to be dropped.
func (tx *Tx) DoomedAttachments(limit int) (ids []string, err error) {
	err = tx.each(tx.s.sql.AttachmentsDoomed, []any{limit}, func(r row) error {
		var id string
		err := r.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// DropAttachments forgets those whose bytes are gone.
func (tx *Tx) DropAttachments(ids []string) error {
	for _, id := range ids {
		if _, err := tx.exec(tx.s.sql.AttachmentDrop, id); err != nil {
			return err
		}
	}
	return nil
}

// PutBlob keeps sealed bytes under a name.
func (tx *Tx) PutBlob(name string, sealed []byte) error {
	_, err := tx.exec(tx.s.sql.BlobPut, name, sealed)
	return err
}

// Blob reads them; fs.ErrNotExist when there are none.
func (tx *Tx) Blob(name string) (sealed []byte, err error) {
	if err = tx.row(tx.s.sql.Blob, name)(&sealed); err == ErrNotFound {
		err = fs.ErrNotExist
	}
	return sealed, err
}

// DropBlob forgets them.
func (tx *Tx) DropBlob(name string) error {
	_, err := tx.exec(tx.s.sql.BlobDrop, name)
	return err
}
