package mockworld

// All is every provider there is.
var All = []Fake{Twilio, Vonage, Plivo, Telnyx, Gammu, Kannel}
