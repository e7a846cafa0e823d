// Package form writes acts, releases and tracks as documents of the
// fediverse: in 9ten's own form, which says everything, and in those that other
// software shows. It is pure: what it is given is written, nothing is looked up.
package form
