package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"sallyport/vpn"
)

var downloadNoun = noun{
	what: "download of a configuration file", code: vpn.CodeEndpointNotFound,
	dangling: "The endpoint of this file no longer exists.",
}

// keptDownloads bounds the rows of one endpoint: a script that fetches the file over and over fills no disk. Finding the older
// ones reads all that are kept, so it is done once in boundDownloadsEvery rows, and so many more may be there meanwhile.
const (
	keptDownloads       = 20000
	boundDownloadsEvery = 250
)

type downloadRow struct {
	Number      int64  `gorm:"column:number;primaryKey;autoIncrement"`
	Endpoint    string `gorm:"column:endpoint_id"`
	Revision    string `gorm:"column:revision"`
	Certificate string `gorm:"column:certificate_id"`
	By          string `gorm:"column:downloaded_by"`
	Provider    string `gorm:"column:user_provider"`
	UserKey     string `gorm:"column:user_key"`
	At          int64  `gorm:"column:at"`
	Search      string `gorm:"column:search"`
}

func (downloadRow) TableName() string { return "profile_download" }

func (r downloadRow) download() (vpn.ProfileDownload, error) {
	return vpn.ProfileDownload{
		Endpoint: vpn.EndpointID(r.Endpoint), Revision: r.Revision, Certificate: vpn.CertificateID(r.Certificate), By: r.By, At: instant(r.At),
		User: vpn.UserRef{Provider: vpn.ProviderID(r.Provider), Key: r.UserKey},
	}, nil
}

// CreateProfileDownload adds a file that was handed out. The newest of an endpoint are kept.
func (t *Tx) CreateProfileDownload(ctx context.Context, d vpn.ProfileDownload) error {
	row := downloadRow{
		Endpoint: string(d.Endpoint), Revision: clean(d.Revision), Certificate: clean(string(d.Certificate)), By: clean(d.By), At: micros(d.At),
		Provider: clean(string(d.User.Provider)), UserKey: clean(d.User.Key),
		Search: fold(d.By),
	}
	if err := downloadNoun.wrote(t.on(ctx).Create(&row), row.Endpoint); err != nil {
		return err
	}
	if row.Number%boundDownloadsEvery != 0 {
		return nil
	}
	return t.boundDownloads(ctx, row.Endpoint, keptDownloads)
}

// boundDownloads deletes the rows of an endpoint but for the newest.
func (t *Tx) boundDownloads(ctx context.Context, endpoint string, kept int) error {
	old := t.on(ctx).Model(&downloadRow{}).Select("number").Where("endpoint_id = ?", endpoint).Order("number DESC").Limit(keptDownloads).Offset(kept)
	return downloadNoun.read(t.on(ctx).Where("number IN (?)", old).Delete(&downloadRow{}).Error, endpoint)
}

// ProfileDownloads lists the files of an endpoint that were handed out, the newest first, at most limit.
func (t *Tx) ProfileDownloads(ctx context.Context, id vpn.EndpointID, limit int) ([]vpn.ProfileDownload, error) {
	q := t.on(ctx).Where("endpoint_id = ?", clean(string(id))).Order("number DESC").Limit(max(limit, 0))
	return readAll(q, downloadNoun, downloadRow.download)
}

// CountDownloads counts the files of each endpoint that were handed out; endpoints without any are absent.
func (t *Tx) CountDownloads(ctx context.Context, ids ...vpn.EndpointID) (map[vpn.EndpointID]int, error) {
	return countRows(t.on(ctx).Model(&downloadRow{}), downloadNoun, "endpoint_id", ids)
}

var portalDownloadList = longListing[downloadRow]{
	orders: map[string]keyColumn[downloadRow]{"at": {"at", func(r downloadRow) any { return r.At }}},
	normal: "at",
	number: func(r downloadRow) int64 { return r.Number },
}

// PortalDownloads lists the files that users have fetched in the self-service portal, newest first; searches the name of the
// user; filters by endpoint.
func (t *Tx) PortalDownloads(ctx context.Context, l vpn.List) (vpn.Page[vpn.ProfileDownload], error) {
	q := t.on(ctx).Where("user_provider <> ''")
	if id := l.Filter["endpoint"]; id != "" {
		q = q.Where("endpoint_id = ?", clean(id))
	}
	if term := fold(strings.TrimSpace(l.Search)); term != "" {
		q = q.Where(`search LIKE ? ESCAPE '\'`, "%"+escapeLike(term)+"%")
	}
	rows, err := readLong(q, l, portalDownloadList, downloadNoun)
	p := vpn.Page[vpn.ProfileDownload]{Number: rows.Number, Size: rows.Size, Total: rows.Total, Long: rows.Long, More: rows.More, Next: rows.Next, Prev: rows.Prev}
	if err != nil {
		return p, err
	}
	p.Items, err = mapRows(rows.Items, downloadNoun, downloadRow.download)
	return p, err
}

// LastProfileDownloads are the last files of each endpoint that a user fetched in the self-service portal.
func (t *Tx) LastProfileDownloads(ctx context.Context, user vpn.UserRef) (map[vpn.EndpointID]vpn.ProfileDownload, error) {
	of := func() *gorm.DB {
		return t.on(ctx).Model(&downloadRow{}).Where("user_provider = ? AND user_key = ?", clean(string(user.Provider)), clean(user.Key))
	}
	list, err := readAll(t.on(ctx).Where("number IN (?)", of().Select("MAX(number)").Group("endpoint_id")), downloadNoun, downloadRow.download)
	out := make(map[vpn.EndpointID]vpn.ProfileDownload, len(list))
	for _, d := range list {
		out[d.Endpoint] = d
	}
	return out, err
}

// CountProfileDownloads counts the files of an endpoint that were handed out, by revision.
func (t *Tx) CountProfileDownloads(ctx context.Context, id vpn.EndpointID) (map[string]int, error) {
	var rows []struct {
		Revision string `gorm:"column:revision"`
		Total    int64  `gorm:"column:total"`
	}
	err := t.on(ctx).Model(&downloadRow{}).Select("revision, COUNT(*) AS total").Where("endpoint_id = ?", clean(string(id))).Group("revision").Find(&rows).Error
	out := make(map[string]int, len(rows))
	for _, r := range rows {
		out[r.Revision] = int(r.Total)
	}
	return out, downloadNoun.read(err, string(id))
}

// PurgeProfileDownloads deletes the rows of files that were handed out before the given time, at most limit, and
// returns their number.
func (t *Tx) PurgeProfileDownloads(ctx context.Context, before time.Time, limit int) (int, error) {
	old := t.on(ctx).Model(&downloadRow{}).Select("number").Where("at < ?", micros(before)).Limit(limit)
	g := t.on(ctx).Where("number IN (?)", old).Delete(&downloadRow{})
	return int(g.RowsAffected), downloadNoun.read(g.Error, "")
}
