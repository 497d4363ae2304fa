package v1

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// feedTokens is the domain in which the tokens of feeds are hashed (status.FeedTokens).
const feedTokens = "follow/feed"

const mostUpdateFeeds = 50 // of one person

// UpdateFeed is what those who follow a service are told, as Atom by a private address.
type UpdateFeed struct {
	ID      string        `json:"id"`
	Service org.ServiceID `json:"service,omitempty" doc:"Empty: all that you follow"`
	Name    string        `json:"name,omitempty" doc:"Of the service"`
	MadeAt  time.Time     `json:"made_at"`
	NewAt   time.Time     `json:"new_at" doc:"Since when it has the address that it has"`
	UsedAt  *time.Time    `json:"used_at,omitempty" doc:"To the hour"`
	URL     string        `json:"url,omitempty" doc:"Shown this once"`
}

type (
	addingUpdateFeed struct {
		Body struct {
			Service  org.ServiceID `json:"service,omitempty" maxLength:"64" doc:"Only of this one; all that you follow, now and later, when it is left out"`
			Language string        `json:"language,omitempty" enum:"en,de" default:"en" doc:"Of the words around what was written"`
		}
	}
	updateFeedID struct {
		ID string `path:"id" maxLength:"64"`
	}
)

func (c *caller) updateFeed(f store.UpdateFeed) UpdateFeed {
	return UpdateFeed{ID: f.ID, Service: f.Service, Name: c.setup.names[thing{config.Service, string(f.Service)}], MadeAt: f.MadeAt, NewAt: f.NewAt, UsedAt: shown(f.UsedAt)}
}

func (a *API) listUpdateFeeds(ctx context.Context, _ *only) (*pageOf[UpdateFeed], error) {
	c := asking(ctx)
	out := &pageOf[UpdateFeed]{Body: page[UpdateFeed]{Items: []UpdateFeed{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.UpdateFeedsOf(c.self())
		for _, f := range all {
			one := c.updateFeed(f)
			if f.Service != "" && c.setup.hides(c.Identity, f.Service) { // its name is not for them any longer
				one.Service, one.Name = "", ""
			}
			out.Body.Items = append(out.Body.Items, one)
		}
		return err
	})
}

// addUpdateFeed makes a private address. It is good until it is ended, or its owner may
// see incidents no longer.
func (a *API) addUpdateFeed(ctx context.Context, in *addingUpdateFeed) (*pageless[UpdateFeed], error) {
	c, now := asking(ctx), a.now()
	me := c.self()
	if me == "" {
		return nil, wrong("body", "a feed belongs to a person, and this key acts for nobody")
	}
	if id := in.Body.Service; id != "" {
		if _, ok := c.setup.services[id]; !ok || c.setup.rows[thing{config.Service, string(id)}].Retired || c.setup.hides(c.Identity, id) {
			return nil, wrong("body.service", fmt.Sprintf("there is no service %q", id))
		}
	}
	f := store.UpdateFeed{ID: a.engine.NewID(now), Service: in.Body.Service, Owner: me, Language: in.Body.Language, MadeAt: now, NewAt: now}
	token := strings.ToLower(rand.Text())
	out := &pageless[UpdateFeed]{Body: c.updateFeed(f)}
	out.Body.URL = a.feedURL(token)
	return out, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		mine, err := tx.UpdateFeedsOf(me)
		switch {
		case err != nil:
			return err
		case len(mine) >= mostUpdateFeeds:
			return wrong("body", fmt.Sprintf("you have %d feeds: end some first", mostUpdateFeeds))
		}
		return tx.AddUpdateFeed(f, a.ring.Hash(feedTokens, token))
	})
}

func (a *API) feedURL(token string) string {
	return a.engine.PublicURL() + "/follow/feed/" + token + ".atom"
}

// renewUpdateFeed gives a feed another address: the one before ends. What a reader has of
// it stays known to it, because the entries keep their ids.
func (a *API) renewUpdateFeed(ctx context.Context, in *updateFeedID) (*pageless[UpdateFeed], error) {
	c, now := asking(ctx), a.now()
	token := strings.ToLower(rand.Text())
	out := &pageless[UpdateFeed]{}
	return out, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		f, err := tx.UpdateFeed(in.ID)
		if err == nil && f.Owner != c.self() {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		f.NewAt = now
		out.Body = c.updateFeed(f)
		out.Body.URL = a.feedURL(token)
		return tx.RenewUpdateFeed(f.ID, a.ring.Hash(feedTokens, token), now)
	})
}

// endUpdateFeed ends one at once; an admin ends those of others, too.
func (a *API) endUpdateFeed(ctx context.Context, in *updateFeedID) (*struct{}, error) {
	c := asking(ctx)
	return nil, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		f, err := tx.UpdateFeed(in.ID)
		if err == nil && f.Owner != c.self() && !c.May(org.Administer, "") {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.DropUpdateFeed(in.ID)
	})
}
