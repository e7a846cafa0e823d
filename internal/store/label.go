package store

import (
	"context"

	"github.com/michaelperna/9ten/internal/id"
	"github.com/michaelperna/9ten/internal/music"
	"github.com/michaelperna/9ten/internal/store/sqlgen"
)

func (tx musicTx) Roster(ctx context.Context, label id.Act) ([]music.Signing, error) {
	rows, err := tx.Q.LabelRoster(ctx, string(label))
	out := make([]music.Signing, len(rows))
	for i, r := range rows {
		out[i] = music.Signing{Label: label, Act: id.Act(r.Other), Agreed: r.Agreed, Since: utc(r.Since)}
	}
	return out, wrap(err, "acts of a label")
}

func (tx musicTx) LabelsOf(ctx context.Context, act id.Act) ([]music.Signing, error) {
	rows, err := tx.Q.LabelsOfAct(ctx, string(act))
	out := make([]music.Signing, len(rows))
	for i, r := range rows {
		out[i] = music.Signing{Label: id.Act(r.Other), Act: act, Agreed: r.Agreed, Since: utc(r.Since)}
	}
	return out, wrap(err, "labels")
}

func (tx musicTx) PutSigning(ctx context.Context, s music.Signing) error {
	return wrap(tx.Q.LabelPut(ctx, sqlgen.LabelPutParams{Label: string(s.Label), Act: string(s.Act), Agreed: s.Agreed, Since: tx.Ms()}), "label")
}

func (tx musicTx) DropSigning(ctx context.Context, label, act id.Act) error {
	n, err := tx.Q.LabelDrop(ctx, sqlgen.LabelDropParams{Label: string(label), Act: string(act)})
	return affected(n, err, "The act is not on this label, nor asked to be.")
}

func (tx musicTx) LabelReleases(ctx context.Context, label id.Act, n int) (rows []music.ReleaseRow, names []string, err error) {
	list, err := tx.Q.LabelReleases(ctx, sqlgen.LabelReleasesParams{Label: string(label), Lim: int32(n)})
	for _, r := range list {
		row := music.ReleaseRow{ID: id.Release(r.Release)}
		row.Unpack(r.Card)
		rows, names = append(rows, row), append(names, r.Label)
	}
	return rows, names, wrap(err, "releases of a label")
}
