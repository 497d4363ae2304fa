package store

// figureTexts are the statements about what the reports count: a part of the one table
// (sql.go).
type figureTexts struct {
	FiguresOf, FiguresOld       string
	FigureDrop, FiguresClear    string
	FigureDayPut, FigureDay     string
	FigureDays, FigureDaysClear string
	SubjectsAfter               string
}

var figureStatements = figureTexts{
	FiguresOf:       `SELECT subject, day, at, body FROM figures WHERE day >= $1 AND day <= $2 ORDER BY day`,
	FiguresOld:      `SELECT subject, day, at, body FROM figures WHERE at < $1 ORDER BY at LIMIT $2`,
	FigureDrop:      `DELETE FROM figures WHERE subject = $1 AND at = $2`,
	FiguresClear:    `DELETE FROM figures`,
	FigureDayPut:    `INSERT INTO figure_days (day, body) VALUES ($1, $2) ON CONFLICT (day) DO UPDATE SET body = excluded.body`,
	FigureDay:       `SELECT body FROM figure_days WHERE day = $1`,
	FigureDays:      `SELECT day, body FROM figure_days WHERE day >= $1 AND day <= $2 ORDER BY day`,
	FigureDaysClear: `DELETE FROM figure_days`,
	SubjectsAfter:   `SELECT id FROM subjects WHERE id > $1 ORDER BY id LIMIT $2`,
}
