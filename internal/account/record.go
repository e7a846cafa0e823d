package account

import "context"

// Record keeps in the audit log what the operator did elsewhere, such as on the
// ledger. Faults: Unauthenticated, Forbidden.
func (s *Service) Record(ctx context.Context, p Principal, action, about, note string) error {
	if err := p.Require(Admin); err != nil {
		return err
	}
	return s.store.AccountUpdate(ctx, func(tx Tx) error { return tx.Audit(ctx, p.actor(), action, about, note) })
}
