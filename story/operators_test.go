package story

import (
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/michaelperna/9ten/internal/web/browsertest"
)

// networkPage is where an operator meets the network.
const networkPage = "/operator/network"

// An office is where the operators of several nodes sit: one browser, in which
// each node is a site of its own.
type office struct{ *person }

// at turns to a node's operator.
func (o office) at(n *networkNode) office {
	o.node.url = strings.Replace(n.url, "127.0.0.1", n.id, 1)
	return o
}

// press presses a button of a form and waits for the page that answers.
func (o office) press(what, button string) {
	o.t.Helper()
	o.do(what, chromedp.Evaluate(`document.querySelector("main").dataset.old="yes"`, nil),
		chromedp.Click(fmt.Sprintf(`main button[value=%q]`, button)), until(`!document.querySelector("main").dataset.old`))
}

// sees opens the page again until it says something.
func (o office) sees(n *networkNode, words string) {
	o.t.Helper()
	o.at(n)
	n.eventually(n.id+" shows “"+words+"”", func() error {
		var text string
		if err := chromedp.Run(o, o.open(networkPage), chromedp.Evaluate(`document.querySelector("main").innerText`, &text)); err != nil {
			return err
		}
		if !strings.Contains(text, words) {
			return fmt.Errorf("it says %q", text)
		}
		return nil
	})
}

// pictures looks at the page as it is, narrow and wide, light and dark.
func (o office) pictures(name string) {
	o.t.Helper()
	for _, width := range []int64{390, 1280} {
		for _, theme := range []string{"light", "dark"} {
			o.do("look", chromedp.EmulateViewport(width, 900), browsertest.Theme(theme))
			if over := o.TooWide(o.t); over > 0 {
				o.t.Errorf("%s is %d pixels too wide at %d", name, over, width)
			}
			o.look(fmt.Sprintf("network-%s-%d-%s", name, width, theme))
		}
	}
}

// Three operators who never met found a network, ask, and decide, on their
// nodes' pages alone.
func TestOperatorsFoundANetworkOnPages(t *testing.T) {
	exe := binary(t)
	a, b, c := newNetworkNode(t, exe, "a"), newNetworkNode(t, exe, "b"), newNetworkNode(t, exe, "c")
	o := office{newPerson(t, &served{T: t})}
	for _, n := range []*networkNode{a, b, c} {
		n.start()
		o.at(n).signsIn(operator)
	}

	o.at(a).do("the page of a node in no network", o.open(networkPage))
	o.pictures("alone")
	o.press("found a network", "found")
	o.sees(a, "Validators: 1,")
	o.sees(a, "peer is well")

	asks := func(n *networkNode, note string) {
		t.Helper()
		o.at(n).do("ask to come in", o.open(networkPage), chromedp.SendKeys("[name=via]", a.url), chromedp.SendKeys("[name=note]", note))
		o.press("ask to come in", "ask")
	}
	asks(b, "We are b, a label in the harbour.")
	o.pictures("asked")
	o.sees(a, "b.localhost")
	o.pictures("newcomer")
	o.press("admit b", "admit")
	o.sees(b, "Validators: 2,")

	asks(c, "We are c, a choir.")
	o.sees(a, "c.localhost")
	o.press("put c before the others", "admit")
	o.sees(b, "a.localhost proposes to admit c.localhost.")
	o.sees(b, "1 approved, 2 needed")
	o.pictures("decide")
	o.press("approve c", "approve")
	o.sees(c, "Validators: 3,")
	o.sees(b, "a.localhost proposes to admit c.localhost.")
	o.pictures("member")

	// One of them is to order, too: proposed on its row among the members.
	o.at(b).do("what may be proposed about b", o.open(networkPage), chromedp.Evaluate(`document.querySelector("main button[value=order]").closest("details").open = true`, nil),
		chromedp.SendKeys(`main details[open] textarea`, "So that it goes on without a."))
	o.pictures("propose")
	o.press("propose to order", "order")
	o.sees(a, "b.localhost proposes that b.localhost orders, too.")
	o.press("approve that b orders", "approve")
	o.sees(b, "orderer is well")
	o.sees(a, "orderers: 2")
	o.sees(a, "So that it goes on without a.")
}
