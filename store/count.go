package store

import "gorm.io/gorm"

// counts counts a query's rows for each of the IDs in a column; those without any are absent.
func counts[ID ~string](q *gorm.DB, n noun, column string, ids []ID) (map[ID]int, error) {
	out := make(map[ID]int, len(ids))
	if len(ids) == 0 {
		return out, nil
	}
	var rows []struct {
		ID    string `gorm:"column:id"`
		Total int64  `gorm:"column:total"`
	}
	err := q.Select(column+" AS id, COUNT(*) AS total").Where(column+" IN ?", plain(ids)).Group(column).Find(&rows).Error
	for _, r := range rows {
		out[ID(r.ID)] = int(r.Total)
	}
	return out, n.read(err, "")
}
