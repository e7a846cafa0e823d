package embedded_test

import (
	"testing"

	"github.com/michaelperna/9ten/internal/contract/contracttest"
)

func TestGarbledAdoption(t *testing.T) { contracttest.Garble(t) }

func TestContract(t *testing.T) {
	contracttest.RunSplit(t, func(t *testing.T, channel string) contracttest.Network {
		return contracttest.OpenChannel(t, true, channel)
	})
	contracttest.Run(t, func(t *testing.T) contracttest.Network { return contracttest.OpenOwn(t, true) })
}
