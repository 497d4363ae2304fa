package mockworld

// All is every provider there is.
var All = []Fake{Twilio, TwilioCalls, Vonage, Plivo, Telnyx, Gammu, Kannel}
