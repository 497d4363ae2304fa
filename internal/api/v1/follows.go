package v1

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/internal/channel"
	"tocsin/internal/config"
	"tocsin/internal/store"
	"tocsin/org"
)

// A Follow is that somebody follows something.
type Follow struct {
	ID      string        `json:"id"`
	Service org.ServiceID `json:"service,omitempty"`
	Name    string        `json:"name,omitempty" doc:"Of what is followed"`
	Channel string        `json:"channel"`
	Method  org.MethodID  `json:"method,omitempty" doc:"Of one's own contact methods"`
	Address string        `json:"address,omitempty" doc:"Of somebody else: the end of it"`
	Person  org.PersonID  `json:"person,omitempty"`
	Active  bool          `json:"active" doc:"The address said that it wants this"`
	Since   time.Time     `json:"since"`
}

type (
	followOut  struct{ Body Follow }
	followPath struct {
		ID string `path:"id" maxLength:"64"`
	}
	followingService struct {
		Body struct {
			Service org.ServiceID `json:"service" maxLength:"64"`
			Method  org.MethodID  `json:"method,omitempty" maxLength:"64" doc:"Over which of your contact methods; the first that works, when it is left out"`
		}
	}
	addingFollower struct {
		ThingID
		Body struct {
			Channel string `json:"channel" maxLength:"40" doc:"email, sms, webhook, or a channel that is set up"`
			Address string `json:"address" minLength:"1" maxLength:"500" doc:"As a contact method of the channel has it: a mail address, a number, the address or id of a room"`
		}
	}
	listingFollowers struct {
		ThingID
		Paging
	}
	followerPath struct {
		ThingID
		Follower string `path:"follower" maxLength:"64"`
	}
)

func (c *caller) follow(s store.Subscriber) Follow {
	f := Follow{ID: s.ID, Channel: s.Channel, Method: s.Method, Person: s.Person, Active: s.Active, Since: s.At}
	if id, ok := strings.CutPrefix(s.Scope, "service:"); ok {
		f.Service = org.ServiceID(id)
		f.Name = c.setup.names[thing{config.Service, id}]
	}
	if id, ok := strings.CutPrefix(s.Scope, "status:"); ok {
		f.Name = c.setup.names[thing{config.StatusPage, id}]
	}
	if s.Person == "" {
		f.Address = ending(s.Address)
	}
	return f
}

// ending is as much of an address as it takes to know it again.
func ending(address string) string {
	if at := strings.LastIndexByte(address, '@'); at > 0 {
		return address[:1] + "…" + address[at:]
	}
	if r := []rune(address); len(r) > 4 {
		return "…" + string(r[len(r)-4:])
	}
	return "…"
}

func (a *API) myFollows(ctx context.Context, _ *only) (*pageOf[Follow], error) {
	c := asking(ctx)
	out := &pageOf[Follow]{Body: page[Follow]{Items: []Follow{}}}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.SubscribersBy(c.self())
		for _, one := range all {
			out.Body.Items = append(out.Body.Items, c.follow(one))
		}
		return err
	})
}

func (a *API) followService(ctx context.Context, in *followingService) (*followOut, error) {
	c, now := asking(ctx), a.now()
	v, ok := c.setup.services[in.Body.Service]
	if !ok || c.setup.rows[thing{config.Service, string(in.Body.Service)}].Retired || c.setup.hides(c.Identity, v.ID) {
		return nil, wrong("body.service", fmt.Sprintf("there is no service %q", in.Body.Service))
	}
	if c.self() == "" {
		return nil, wrong("body.service", "only a person follows a service")
	}
	p, err := decoded[org.Person](c.setup.rows[thing{config.Person, string(c.self())}])
	if err != nil {
		return nil, err
	}
	m, ok := p.Method(in.Body.Method)
	if in.Body.Method == "" {
		if i := slices.IndexFunc(p.Methods, org.Method.Usable); i >= 0 {
			m, ok = p.Methods[i], true
		}
	}
	if !ok || !m.Usable() {
		return nil, wrong("body.method", "you have no such contact method that works")
	}
	one := store.Subscriber{Scope: store.ServiceScope(v.ID), Person: p.ID, Channel: m.Channel, Method: m.ID, Active: true, At: now, By: string(c.Actor())}
	return a.subscribed(ctx, c, one, now)
}

// subscribed lets somebody follow something at once: one who does already, does.
func (a *API) subscribed(ctx context.Context, c *caller, one store.Subscriber, now time.Time) (*followOut, error) {
	out := &followOut{}
	return out, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		was, err := tx.SubscriberAt(one)
		switch {
		case err == nil:
			one.ID = was.ID
		case errors.Is(err, store.ErrNotFound):
			one.ID = a.engine.NewID(now)
		default:
			return err
		}
		out.Body = c.follow(one)
		return tx.PutSubscriber(one)
	})
}

func (a *API) unfollow(ctx context.Context, in *followPath) (*struct{}, error) {
	c := asking(ctx)
	return nil, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		one, err := tx.Subscriber(in.ID)
		if err == nil && (one.Person == "" || one.Person != c.self()) {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.DropSubscriber(in.ID)
	})
}

// followersOf lists who follows a scope. Their addresses are theirs: only the end is shown.
func (a *API) followersOf(ctx context.Context, scope string, at Paging) (*pageOf[Follow], error) {
	c := asking(ctx)
	out := &pageOf[Follow]{Body: page[Follow]{Items: []Follow{}}}
	after, err := at.cursor()
	if err != nil {
		return nil, err
	}
	return out, a.store.Read(ctx, func(tx *store.Tx) error {
		all, err := tx.Subscribers(scope, after, at.Limit+1)
		if len(all) > at.Limit {
			all = all[:at.Limit]
			out.Body.Next = at.after(all[at.Limit-1].ID)
		}
		for _, one := range all {
			out.Body.Items = append(out.Body.Items, c.follow(one))
		}
		return err
	})
}

func (a *API) serviceFollowers(ctx context.Context, in *listingFollowers) (*pageOf[Follow], error) {
	return a.followersOf(ctx, store.ServiceScope(org.ServiceID(in.ID)), in.Paging)
}

func (a *API) pageFollowers(ctx context.Context, in *listingFollowers) (*pageOf[Follow], error) {
	return a.followersOf(ctx, store.StatusScope(org.StatusPageID(in.ID)), in.Paging)
}

// addFollower lets an address follow a service, for those who may set it up: a room of a
// chat, a program, a mailing list. They vouch for it.
func (a *API) addFollower(ctx context.Context, in *addingFollower) (*followOut, error) {
	c, now := asking(ctx), a.now()
	by := in.Body.Channel
	if by != "webhook" && !slices.Contains(channel.Names(), by) {
		return nil, wrong("body.channel", fmt.Sprintf("%q is no channel: want webhook or one of %s", by, strings.Join(channel.Names(), ", ")))
	}
	address, err := config.Address(by, in.Body.Address)
	if err != nil {
		return nil, wrong("body.address", err.Error())
	}
	one := store.Subscriber{Scope: store.ServiceScope(org.ServiceID(in.ID)), Channel: by, Address: address, Active: true, At: now, By: string(c.Actor())}
	return a.subscribed(ctx, c, one, now)
}

func (a *API) removeServiceFollower(ctx context.Context, in *followerPath) (*struct{}, error) {
	return a.dropFollower(ctx, store.ServiceScope(org.ServiceID(in.ID)), in.Follower)
}

func (a *API) removePageFollower(ctx context.Context, in *followerPath) (*struct{}, error) {
	return a.dropFollower(ctx, store.StatusScope(org.StatusPageID(in.ID)), in.Follower)
}

func (a *API) dropFollower(ctx context.Context, scope, id string) (*struct{}, error) {
	return nil, a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		one, err := tx.Subscriber(id)
		if err == nil && one.Scope != scope {
			err = store.ErrNotFound
		}
		if err != nil {
			return err
		}
		return tx.DropSubscriber(id)
	})
}
