package site

import (
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
)

// operations says which operations of the interface do what a page does. A
// page that only asks for what another operation takes has that one.
var operations = map[string]string{
	"POST /act/{handle}/follow":          "follow-from",
	"GET /{$}":                           "get-nine list-releases",
	"GET /browse":                        "list-releases list-tracks list-acts list-tags",
	"GET /tag/{tag}":                     "list-releases",
	"GET /release/{id}":                  "get-release get-release-elsewhere",
	"GET /act/{handle}":                  "get-act get-label get-act-elsewhere list-act-releases-elsewhere list-act-playlists",
	"GET /search":                        "search find-elsewhere",
	"GET /queue":                         "get-resume keep-resume",
	"GET /library":                       "list-playlists list-collaborations list-likes list-release-likes list-follows list-followed-releases list-follows-elsewhere list-followed-releases-elsewhere",
	"GET /playlist/{id}":                 "get-playlist list-collaborators",
	"GET /following":                     "list-following",
	"GET /history":                       "list-history",
	"POST /release/{id}/comments":        "comment list-comments",
	"POST /comment/{id}":                 "edit-comment hide-comment show-comment delete-comment",
	"GET /studio/act/{id}/home":          "get-act-home",
	"POST /studio/act/{id}/home":         "set-act-addresses move-act return-act",
	"GET /studio/act/{id}/followers":     "list-act-followers",
	"POST /studio/act/{id}/followers":    "judge-act-follower",
	"GET /live/{id}/go":                  "join-stream get-stream list-streams list-act-streams list-streams-elsewhere",
	"POST /studio/act/{id}/label":        "ask-label-act drop-label-act join-label leave-label",
	"POST /studio/act/{id}/live":         "announce-stream end-stream delete-stream",
	"POST /studio/act/{id}/comments":     "get-comment-policy set-comment-policy",
	"POST /studio/release/{id}/comments": "get-comment-policy set-comment-policy",
	"GET /report":                        "report",
	"POST /report":                       "report",
	"POST /like":                         "like unlike like-release unlike-release",
	"POST /boost":                        "boost unboost boost-release unboost-release list-boosts",
	"POST /follow":                       "follow unfollow follow-elsewhere unfollow-elsewhere",
	"POST /playlists":                    "make-playlist",
	"POST /playlist/{id}":                "edit-playlist",
	"POST /playlist/{id}/add":            "add-to-playlist",
	"POST /playlist/{id}/move":           "move-playlist-item",
	"POST /playlist/{id}/remove":         "remove-playlist-item",
	"POST /playlist/{id}/delete":         "delete-playlist",
	"POST /playlist/{id}/invite":         "invite-collaborator",
	"POST /playlist/{id}/end":            "end-collaborator",
	"POST /playlist/{id}/part":           "answer-collaboration leave-collaboration",
	"POST /history/pause":                "edit-me",
	"POST /history/delete":               "drop-history",

	"GET /setup":                     "set-up",
	"POST /setup":                    "set-up",
	"GET /signin":                    "sign-in",
	"POST /signin":                   "sign-in",
	"GET /signup":                    "sign-up",
	"POST /signup":                   "sign-up",
	"POST /signout":                  "sign-out",
	"GET /reset":                     "reset-password",
	"POST /reset":                    "reset-password",
	"GET /forgot":                    "ask-password-link",
	"POST /forgot":                   "ask-password-link",
	"GET /address":                   "confirm-address",
	"POST /address":                  "confirm-address",
	"GET /invitations":               "list-invitations",
	"POST /invitations":              "invite",
	"POST /invitations/withdraw":     "withdraw-invitation",
	"GET /account":                   "get-me list-sessions list-devices list-tokens add-device",
	"POST /account":                  "edit-me",
	"POST /account/password":         "change-password",
	"POST /account/address":          "ask-address",
	"POST /account/sessions/end":     "sign-out-everywhere",
	"POST /account/devices/revoke":   "revoke-device",
	"POST /account/tokens":           "make-token",
	"POST /account/tokens/revoke":    "revoke-token",
	"POST /account/delete":           "delete-me",
	"GET /account/person":            "get-person list-person-followers",
	"POST /account/person":           "set-person",
	"POST /account/person/end":       "end-person",
	"POST /account/person/followers": "judge-person-follower",
	"GET /person/{handle}":           "find-person list-person-boosts",
	"GET /account/notifications":     "list-notification-choices",
	"POST /account/notifications":    "set-notification-choices",
	"GET /notifications":             "list-notifications",
	"GET /notifications/open":        "read-notifications",
	"POST /notifications/read":       "read-notifications",
	"GET /letters/stop":              "set-notification-choices",
	"POST /letters/stop":             "set-notification-choices",

	"GET /receipts":                   "list-receipts list-receipt-days",
	"GET /receipts/{period}":          "get-receipt",
	"GET /receipts/{period}/file":     "get-receipt",
	"POST /receipts/{period}/contest": "contest-receipt",
	"GET /days/{day}/receipt":         "get-day-receipt",
	"POST /confirm":                   "confirm-nine",
	"POST /verify/contest":            "contest-receipt",
	"GET /verify":                     "get-node get-ledger-settlement get-ledger-anchor",
	"GET /subscription":               "get-subscription",
	"POST /subscription":              "open-subscription",
	"POST /subscription/cancel":       "cancel-subscription",
	"GET /ledger":                     "get-ledger get-node",
	"GET /privacy":                    "get-node",

	"GET /studio":                             "list-desks list-own-acts list-own-releases list-waiting-sheets",
	"POST /studio/open":                       "open-studio",
	"POST /studio/acts":                       "make-act",
	"POST /studio/releases":                   "make-release",
	"GET /studio/act/{id}":                    "get-act list-act-people get-act-wallets list-waiting-sheets list-label-acts list-act-labels",
	"POST /studio/act/{id}":                   "edit-act",
	"POST /studio/act/{id}/cover":             "set-act-cover",
	"POST /studio/act/{id}/wallets":           "set-act-wallets",
	"POST /studio/act/{id}/people":            "set-act-role take-act-role",
	"POST /studio/act/{id}/credits":           "answer-sheet",
	"GET /studio/act/{id}/statement":          "list-earnings",
	"GET /studio/act/{id}/statement.csv":      "list-earnings",
	"GET /studio/act/{id}/proof/{period}":     "get-act-proof",
	"GET /studio/release/{id}":                "get-release list-uploads list-sheets",
	"POST /studio/release/{id}":               "edit-release edit-tracks order-tracks",
	"POST /studio/release/{id}/do":            "publish-release schedule-release withdraw-release make-preview end-preview delete-release",
	"POST /studio/release/{id}/files":         "make-release",
	"POST /studio/release/{id}/cover":         "set-release-cover drop-release-cover",
	"POST /studio/release/{id}/people":        "edit-tracks",
	"POST /studio/release/{id}/credits":       "propose-sheet",
	"GET /studio/release/{id}/track/{track}":  "get-track list-sheets",
	"POST /studio/release/{id}/track/{track}": "edit-track remove-track",

	"GET /operator":                            "get-status get-findings list-books list-dead-jobs",
	"POST /operator/jobs/retry":                "retry-job",
	"POST /operator/jobs/drop":                 "drop-job",
	"GET /operator/payments":                   "list-payments list-subscriptions get-account-subscription",
	"POST /operator/payments":                  "declare-payment",
	"POST /operator/refund":                    "refund",
	"POST /operator/undo":                      "undo-payment",
	"GET /operator/books/{file}":               "export-books",
	"GET /operator/months/{period}/settlement": "get-ledger-settlement",
	"GET /operator/ledger":                     "get-ledger-standing",
	"GET /operator/network":                    "get-membership get-network list-newcomers list-intents list-past-intents get-intent get-admission",
	"POST /operator/network":                   "found-network join-network stop-joining ask-admission admit-newcomer dismiss-newcomer approve-intent decline-intent withdraw-intent found-cluster join-cluster leave-cluster name-delegate resign-delegate",
	"GET /operator/months":                     "list-months",
	"GET /operator/federation":                 "list-servers",
	"POST /operator/federation":                "retry-server backfill-server",
	"GET /operator/federation/held":            "list-held",
	"POST /operator/federation/held":           "pass-held drop-held",
	"GET /account/blocked":                     "list-blocked",
	"POST /account/blocked":                    "block unblock",
	"GET /operator/federation/lists":           "list-blocklists",
	"POST /operator/federation/lists":          "subscribe-blocklist",
	"GET /operator/federation/lists/{id}":      "get-blocklist",
	"POST /operator/federation/lists/{id}":     "fetch-blocklist unsubscribe-blocklist decide-listed-server",
	"GET /operator/federation/rules":           "list-server-rules",
	"POST /operator/federation/rules":          "decide-server undecide-server",
	"POST /operator/federation/list":           "import-blocklist",
	"GET /operator/federation/blocked.csv":     "export-blocklist",
	"POST /operator/months/close":              "close-month",
	"GET /operator/people":                     "list-accounts",
	"POST /operator/people":                    "add-account",
	"POST /operator/people/{id}":               "set-account-role make-password-link end-account-sessions remove-account",
	"GET /operator/settings":                   "get-settings",
	"POST /operator/settings":                  "edit-settings",
	"POST /operator/settings/mail":             "send-test-mail",
	"GET /operator/reports":                    "list-reports",
	"GET /operator/reports/{id}":               "get-report",
	"POST /operator/reports/{id}":              "close-report reopen-report forward-report hide-comment delete-comment decide-server",
	"GET /operator/music":                      "list-taken-down list-orphaned-acts list-audit",
	"POST /operator/music/down":                "take-down",
	"POST /operator/music/restore":             "restore",
}

// TestEverythingIsForProgramsToo: what a page does, an operation of the
// interface does.
func TestEverythingIsForProgramsToo(t *testing.T) {
	b, err := os.ReadFile("../../api/testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	var spec struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	if err := json.Unmarshal(b, &spec); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, methods := range spec.Paths {
		for _, op := range methods {
			known[op.OperationID] = true
		}
	}
	left := maps.Clone(operations)
	for _, p := range (&Site{}).pages() {
		if operations[p.pattern] == "" {
			t.Errorf("%s: no operation of the interface does this", p.pattern)
		}
		delete(left, p.pattern)
	}
	for _, p := range slices.Sorted(maps.Keys(left)) {
		t.Errorf("%s is no page", p)
	}
	for p, ids := range operations {
		for id := range strings.FieldsSeq(ids) {
			if !known[id] {
				t.Errorf("%s: there is no operation %s", p, id)
			}
		}
	}
}
