package contract_test

import (
	"go/ast"
	"go/token"
	"strings"
	"testing"
)

// Traps 2 and 3 of docs/protocol/ledger.md: what a collection holds other
// organisations' users can read, and an endorsement policy of a key keeps nobody
// out. So the contract calls nothing of either, and decides by who calls it.
func TestTrapsOfTheStub(t *testing.T) {
	never := []string{"PrivateData", "StateValidationParameter"}
	fset := token.NewFileSet()
	stub := 0
	for _, f := range sources(t, fset) {
		ast.Inspect(f, func(n ast.Node) bool {
			s, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if s.Sel.Name == "PutState" {
				stub++
			}
			for _, x := range never {
				if strings.Contains(s.Sel.Name, x) {
					t.Errorf("%s: %s", fset.Position(s.Pos()), s.Sel.Name)
				}
			}
			return true
		})
	}
	if stub == 0 {
		t.Error("the contract writes nothing: it is not what was looked at")
	}
}
