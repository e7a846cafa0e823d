package network

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// words say what an intent of a kind proposes: by whom, about whom.
var words = map[string]string{
	AdmitMember:     "%[1]s proposes to admit %[2]s.",
	RemoveMember:    "%[1]s proposes to remove %[2]s from the network.",
	AddOrderer:      "%[1]s proposes that %[2]s orders, too.",
	RemoveOrderer:   "%[1]s proposes that %[2]s orders no longer.",
	ReplaceOrderer:  "%[1]s proposes new certificates for the orderer of %[2]s.",
	SetValidators:   "%[1]s proposes that these endorse: %[2]s.",
	UpgradeContract: "%[1]s proposes to move to version %[2]s of the contract.",
}

// Kinds are all of them, by name.
func Kinds() []string { return slices.Sorted(maps.Keys(words)) }

// Format is the sentence of a kind, with its arguments: pages say it in their
// own language.
func (i Intent) Format() (format string, args []any) {
	f, ok := words[i.Kind]
	if !ok {
		return "%[1]s proposes %[2]s, which this 9ten does not know. Update it before you decide.", []any{i.By, OneLine(i.Kind + " " + i.Subject)}
	}
	about := i.Subject
	if i.Kind == SetValidators {
		about = strings.Join(i.Validators, ", ")
	}
	return f, []any{i.By, about}
}

// Words is the sentence in English.
func (i Intent) Words() string {
	format, args := i.Format()
	return fmt.Sprintf(format, args...)
}

// Facts are what else there is to say of it, in English.
func (i Intent) Facts() []string {
	var out []string
	say := func(yes bool, format string, args ...any) {
		if yes {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	say(i.Cluster != "", "in the cluster %s", i.Cluster)
	say(i.Note != "", "note: %s", OneLine(i.Note))
	say(i.Fingerprint != "", "fingerprint: %s", i.Fingerprint)
	say(i.Address != "", "address: %s", i.Address)
	for _, q := range i.Needs {
		say(true, "%s: %d approved, %d needed", q.Of, q.Have, q.Need)
	}
	say(len(i.Approvals) > 0, "approved by %s", names(i.Approvals))
	for _, d := range i.Declines {
		say(true, "declined by %s%s", d.Node, because(d.Reason))
	}
	say(i.State != Open, "%s, said by %s on %s", i.State, i.ConcludedBy, i.Concluded.Format("2006-01-02 15:04 UTC"))
	say(i.State == Open, "open until %s", i.Until.Format("2006-01-02 15:04 UTC"))
	return out
}

func names(list []Voice) string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = v.Node
	}
	return strings.Join(out, ", ")
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + OneLine(reason)
}
