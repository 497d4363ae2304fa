package mockworld

// All is every provider there is.
var All = []Fake{Twilio, TwilioCalls, Vonage, Plivo, Telnyx, Gammu, Kannel, Slack, Telegram, Teams, Mattermost, Rocketchat, Discord, GoogleChat, Matrix, Webex, Gotify, Pushover, Jira, GitHub, GitLab, ServiceNow, Zendesk}
