package mockworld

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode/utf16"
)

// errDenied is a call without the right credentials.
var errDenied = errors.New("the credentials are missing or wrong")

// basic checks the credentials of a call.
func basic(c *Call, user, password string) error {
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	if c.Header.Get("Authorization") != want {
		return errDenied
	}
	return nil
}

// bearer checks the token of a call.
func bearer(c *Call, prefix, token string) error {
	if c.Header.Get("Authorization") != prefix+token {
		return errDenied
	}
	return nil
}

// form checks the fields of a form: those that must be there, and those that may.
func form(c *Call, required string, optional ...string) error {
	if c.Form == nil {
		return errors.New("the body is not a form")
	}
	must := strings.Fields(required)
	for _, f := range must {
		if c.Form.Get(f) == "" {
			return fmt.Errorf("%s is missing", f)
		}
	}
	for f := range c.Form {
		if !slices.Contains(must, f) && !slices.Contains(optional, f) {
			return fmt.Errorf("%s is no field of the contract", f)
		}
	}
	return nil
}

// object checks the fields of a JSON object: those that must be there, and those that
// may.
func object(c *Call, required string, optional ...string) error {
	if c.JSON == nil {
		return errors.New("the body is not a JSON object")
	}
	return fields(c.JSON, required, optional...)
}

func fields(o map[string]any, required string, optional ...string) error {
	must := strings.Fields(required)
	for _, f := range must {
		if v, ok := o[f]; !ok || v == "" || v == nil {
			return fmt.Errorf("%s is missing", f)
		}
	}
	for f := range o {
		if !slices.Contains(must, f) && !slices.Contains(optional, f) {
			return fmt.Errorf("%s is no field of the contract", f)
		}
	}
	return nil
}

// phone checks a number in E.164.
func phone(field, number string) error {
	digits, ok := strings.CutPrefix(number, "+")
	if !ok || len(digits) < 7 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" || digits[0] == '0' {
		return fmt.Errorf("%s: %q is not a number in E.164", field, number)
	}
	return nil
}

// atMost checks the length of a text in UTF-16 units, as most vendors count.
func atMost(field, text string, n int) error {
	if have := len(utf16.Encode([]rune(text))); have > n {
		return fmt.Errorf("%s: %d characters, at most %d", field, have, n)
	}
	return nil
}

// link checks that something is a whole URL.
func link(field, text string) error {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("%s: %q is not a URL", field, text)
	}
	return nil
}

// first is the first of some errors.
func first(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
