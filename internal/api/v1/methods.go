package v1

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"

	"tocsin/escalate"
	"tocsin/incident"
	"tocsin/internal/config"
	"tocsin/internal/engine"
	"tocsin/internal/store"
	"tocsin/org"
)

const (
	codeFor     = 10 * time.Minute
	codeTries   = 5
	codeAgain   = 30 * time.Second // between two codes to one address
	codesAnHour = 10               // to all addresses of one person: each may cost money, and be a stranger's
	testsAnHour = 30
	mostMethods = 20
)

type (
	OwnMethodID struct {
		ID org.MethodID `path:"id" maxLength:"64"`
	}
	methodAdded struct {
		Body struct {
			Channel string `json:"channel" maxLength:"64"`
			Address string `json:"address" minLength:"1" maxLength:"500"`
			Name    string `json:"name,omitempty" maxLength:"100" doc:"What you call it"`
		}
	}
	methodPending struct {
		Body struct {
			PendingMethod
			Sent TestPage `json:"sent" doc:"The message with the code"`
		}
	}
	codeGiven struct {
		OwnMethodID
		Body struct {
			Code string `json:"code" maxLength:"40" doc:"Spaces and dashes do not matter"`
		}
	}
	methodChange struct {
		OwnMethodID
		Body struct {
			Name     *string `json:"name,omitempty" maxLength:"100"`
			Disabled *bool   `json:"disabled,omitempty"`
		}
	}
	testAsked struct {
		OwnMethodID
		Body *struct {
			Priority org.Priority `json:"priority,omitempty" enum:"high,low" default:"high" doc:"It looks and sounds like one of these"`
		} `required:"false"`
	}
)

func showProof(p store.Proof) PendingMethod {
	return PendingMethod{ID: p.Method, Name: p.Name, Channel: p.Channel, Address: p.Address, Tries: p.Tries, Expires: p.Until, Again: p.SentAt.Add(codeAgain)}
}

// newCode is a code of six digits that nobody can foresee.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic("v1: the source of randomness failed: " + err.Error())
	}
	return fmt.Sprintf("%06d", n)
}

// codeHash is what is kept of a code. It is bound to the address, so that the code of one
// proves no other.
func (a *API) codeHash(p store.Proof, code string) string {
	return a.ring.Hash("proofs/code", strings.Join([]string{string(p.Person), string(p.Method), p.Channel, p.Address, code}, "\n"))
}

// addMethod takes in an address and sends a code there. It becomes a contact method when
// the code is repeated.
func (a *API) addMethod(ctx context.Context, in *methodAdded) (*methodPending, error) {
	c, b := asking(ctx), in.Body
	p, _, err := c.myself()
	if err != nil {
		return nil, err
	}
	b.Address = strings.TrimSpace(b.Address)
	if !slices.Contains(a.engine.Channels(), b.Channel) || b.Channel == config.Push {
		return nil, wrong("body.channel", "is none that this installation has and that an address can be typed for")
	}
	if err := a.fits(c, p, org.Method{ID: "new", Channel: b.Channel, Address: b.Address}); err != nil {
		return nil, err
	}
	proof := store.Proof{Person: p.ID, Channel: b.Channel, Name: b.Name, Address: b.Address}
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		pending, err := tx.Proofs(p.ID)
		if err != nil {
			return err
		}
		taken := func(id org.MethodID) bool {
			_, has := p.Method(id)
			return has || slices.ContainsFunc(pending, func(o store.Proof) bool { return o.Method == id })
		}
		for _, m := range p.Methods {
			if m.Channel == b.Channel && m.Address == b.Address {
				return incident.Refuse("you have that address already, as %s", m.ID)
			}
		}
		proof.Method, proof.Sends = "", 0
		for _, o := range pending {
			if o.Channel == b.Channel && o.Address == b.Address {
				proof = o // asked again: it is the same
				proof.Name = cmp.Or(b.Name, o.Name)
			}
		}
		if proof.Method == "" {
			if len(p.Methods)+len(pending) >= mostMethods {
				return incident.Refuse("%d contact methods are enough: remove one first", mostMethods)
			}
			for n := 1; proof.Method == "" || taken(proof.Method); n++ {
				proof.Method = org.MethodID(b.Channel)
				if n > 1 {
					proof.Method = org.MethodID(fmt.Sprintf("%s-%d", b.Channel, n))
				}
			}
		}
		return a.renew(tx, &proof)
	})
	if err != nil {
		return nil, err
	}
	return a.sendCode(ctx, p, proof)
}

// fits asks the code that checks set-up files whether a method makes sense.
func (a *API) fits(c *caller, p org.Person, m org.Method) error {
	p.Methods, p.Rules = []org.Method{m}, nil
	one := config.Setup{People: []org.Person{p}}
	one.Complete()
	if err := one.Validate(config.Read(c.setup.items(thing{config.Person, string(p.ID)}))); err != nil {
		return wrong("body.address", firstProblem(err))
	}
	return nil
}

// renew makes a proof wait for a new code. Its Code is the code itself until then.
func (a *API) renew(tx *store.Tx, p *store.Proof) error {
	now := a.now()
	if wait := p.SentAt.Add(codeAgain).Sub(now); wait > 0 {
		return incident.Refuse("a code was just sent there: another can be in %d seconds", int(wait.Seconds())+1)
	}
	sent, err := tx.Trials(p.Person, now.Add(-time.Hour), 1000)
	if err != nil {
		return err
	}
	if n := len(slices.DeleteFunc(sent, func(t store.Trial) bool { return t.Purpose != escalate.Code })); n >= codesAnHour {
		return incident.Refuse("%d codes within an hour are enough: wait a little", n)
	}
	p.Code = newCode()
	p.Tries, p.Sends, p.SentAt, p.Until = codeTries, p.Sends+1, now, now.Add(codeFor)
	kept := *p
	kept.Code = a.codeHash(kept, p.Code)
	return tx.PutProof(kept)
}

// sendCode sends the code of a proof that was just renewed.
func (a *API) sendCode(ctx context.Context, p org.Person, proof store.Proof) (*methodPending, error) {
	trial, err := a.engine.Try(ctx, engine.Trying{
		Person: p, Method: org.Method{ID: proof.Method, Channel: proof.Channel, Address: proof.Address}, Purpose: escalate.Code, Priority: org.High,
		Title: "Your Tocsin code is " + proof.Code,
		Body:  []string{"It is good for 10 minutes and proves that this address is yours. If you did not ask for it, ignore it: nothing will be sent here."},
	}, a.now())
	out := &methodPending{}
	out.Body.PendingMethod, out.Body.Sent = showProof(proof), showTrial(trial)
	return out, err
}

func (a *API) resendCode(ctx context.Context, in *OwnMethodID) (*methodPending, error) {
	p, _, err := asking(ctx).myself()
	if err != nil {
		return nil, err
	}
	var proof store.Proof
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		if proof, err = tx.Proof(p.ID, in.ID); err != nil {
			return err
		}
		return a.renew(tx, &proof)
	})
	if err != nil {
		return nil, err
	}
	return a.sendCode(ctx, p, proof)
}

// verifyMethod makes an address a contact method when its code is right. A wrong one
// costs one of five tries.
func (a *API) verifyMethod(ctx context.Context, in *codeGiven) (*profileOut, error) {
	p, _, err := asking(ctx).myself()
	if err != nil {
		return nil, err
	}
	code := strings.NewReplacer(" ", "", "-", "").Replace(in.Body.Code)
	var proof store.Proof
	var refused error
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		refused = nil
		if proof, err = tx.Proof(p.ID, in.ID); err != nil {
			return err
		}
		switch {
		case !proof.Until.After(a.now()):
			refused = incident.Refuse("the code is older than 10 minutes: have another one sent")
		case proof.Tries <= 0:
			refused = incident.Refuse("that were %d wrong codes: have another one sent", codeTries)
		case subtle.ConstantTimeCompare([]byte(a.codeHash(proof, code)), []byte(proof.Code)) != 1:
			proof.Tries--
			refused = wrong("body.code", fmt.Sprintf("is wrong; %d tries are left", proof.Tries))
			return tx.PutProof(proof)
		}
		return nil
	})
	if err == nil {
		err = refused
	}
	if err != nil {
		return nil, err
	}
	if _, err := a.changeSelf(ctx, Match{}, func(p *org.Person) error {
		if _, has := p.Method(proof.Method); !has {
			p.Methods = append(p.Methods, org.Method{ID: proof.Method, Name: proof.Name, Channel: proof.Channel, Address: proof.Address, Verified: true})
		}
		return nil
	}); err != nil {
		return nil, err
	}
	// Last, so that a crash before it leaves the code good.
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		_, err := tx.DropProof(p.ID, in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	return a.changeSelf(ctx, Match{}, func(*org.Person) error { return nil })
}

func (a *API) changeMethod(ctx context.Context, in *methodChange) (*profileOut, error) {
	return a.changeSelf(ctx, Match{}, func(p *org.Person) error {
		for i := range p.Methods {
			if m := &p.Methods[i]; m.ID == in.ID {
				if in.Body.Name != nil {
					m.Name = *in.Body.Name
				}
				if in.Body.Disabled != nil {
					m.Disabled = *in.Body.Disabled
				}
				return nil
			}
		}
		return store.ErrNotFound
	})
}

// removeMethod takes a method away with the rules that name it, or gives up proving it.
func (a *API) removeMethod(ctx context.Context, in *OwnMethodID) (*profileOut, error) {
	p, row, err := asking(ctx).myself()
	if err != nil {
		return nil, err
	}
	dropped := false
	err = a.store.Write(ctx, store.People, func(tx *store.Tx) error {
		dropped, err = tx.DropProof(p.ID, in.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	if _, has := p.Method(in.ID); dropped && !has {
		return a.shownProfile(ctx, asking(ctx), p, row.Version)
	}
	return a.changeSelf(ctx, Match{}, func(p *org.Person) error {
		had := len(p.Methods)
		p.Methods = slices.DeleteFunc(p.Methods, func(m org.Method) bool { return m.ID == in.ID })
		if len(p.Methods) == had {
			return store.ErrNotFound
		}
		p.Rules = slices.DeleteFunc(p.Rules, func(r org.NotificationRule) bool { return r.Method == in.ID })
		return nil
	})
}

// testMethod sends a page to try a method out. What the provider answers is told as it
// is; the receipts come later.
func (a *API) testMethod(ctx context.Context, in *testAsked) (*struct{ Body TestPage }, error) {
	p, _, err := asking(ctx).myself()
	if err != nil {
		return nil, err
	}
	m, ok := p.Method(in.ID)
	if !ok {
		return nil, store.ErrNotFound
	}
	now := a.now()
	err = a.store.Read(ctx, func(tx *store.Tx) error {
		sent, err := tx.Trials(p.ID, now.Add(-time.Hour), 1000)
		if err == nil && len(sent) >= testsAnHour {
			err = incident.Refuse("%d tests within an hour are enough: wait a little", len(sent))
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	t := engine.Trying{Person: p, Method: m, Purpose: escalate.Alarm, Priority: org.High, Title: "Test page: this is how Tocsin reaches you", Body: []string{"Nothing is wrong. Answer it, to see that this works too."}}
	if in.Body != nil && in.Body.Priority != "" {
		t.Priority = in.Body.Priority
	}
	trial, err := a.engine.Try(ctx, t, now)
	return &struct{ Body TestPage }{showTrial(trial)}, err
}

// firstProblem is what is wrong first, without where: there is one thing.
func firstProblem(err error) string {
	if problems, ok := errors.AsType[*config.Problems](err); ok && len(problems.List) > 0 {
		return problems.List[0].Text
	}
	return err.Error()
}
