package store

import (
	"context"
	"errors"

	"gorm.io/gorm/clause"
)

var eventCursorNoun = noun{what: "event cursor of node"}

type eventCursorRow struct {
	Node  string `gorm:"column:node;primaryKey"`
	Epoch string `gorm:"column:epoch"`
	Seq   int64  `gorm:"column:seq"`
}

func (eventCursorRow) TableName() string { return "event_cursor" }

// EventCursor reads which event of the node was the last to be stored; an empty epoch means none.
func (t *Tx) EventCursor(ctx context.Context, node string) (epoch string, seq uint64, err error) {
	var row eventCursorRow
	err = t.on(ctx).Where("node = ?", node).Take(&row).Error
	if errors.Is(err, errNoRow) {
		return "", 0, nil
	}
	return row.Epoch, uint64(row.Seq), eventCursorNoun.read(err, node)
}

// SaveEventCursor writes which event of the node was the last to be stored.
func (t *Tx) SaveEventCursor(ctx context.Context, node, epoch string, seq uint64) error {
	g := t.on(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "node"}}, DoUpdates: clause.AssignmentColumns([]string{"epoch", "seq"}),
	}).Create(&eventCursorRow{Node: node, Epoch: epoch, Seq: int64(seq)})
	return eventCursorNoun.wrote(g, node)
}
