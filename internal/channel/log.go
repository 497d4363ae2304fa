package channel

import (
	"context"
	"log/slog"

	"tocsin/escalate"
)

// Log writes each page as one structured line: a way to try things out before any
// provider is set up. Its addresses are free text.
type Log struct{ to *slog.Logger }

// NewLog is the channel that writes to a logger.
func NewLog(to *slog.Logger) *Log { return &Log{to} }

func (*Log) Name() string { return "log" }

// Send writes the line. It is delivered then: whoever reads the log has it. The link
// that answers the page is left out, because whoever holds it may answer.
func (l *Log) Send(ctx context.Context, m Message) (Receipt, error) {
	if err := ctx.Err(); err != nil {
		return Receipt{}, failed(Temporary, err)
	}
	l.to.LogAttrs(ctx, slog.LevelInfo, "page",
		slog.String("headline", Headline(m)),
		slog.String("purpose", string(m.Purpose)),
		slog.String("person", oneLine(m.PersonName, 100)),
		slog.String("to", oneLine(m.To, 200)),
		slog.String("subject", m.Subject),
		slog.String("service", oneLine(m.Service, 100)),
		slog.String("severity", string(m.Severity)),
		slog.String("priority", string(m.Priority)),
		slog.String("page", m.ID),
	)
	return Receipt{Provider: m.ID, State: escalate.Delivered}, nil
}
