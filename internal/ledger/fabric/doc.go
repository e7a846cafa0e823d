// Package fabric is the ledger as a Hyperledger Fabric network that the node is a
// member of. The upstream peer and orderer run as children of the node, the
// contract runs in the node itself, and everything Fabric wants of an operator
// (certificates, configuration, first block, packages, approvals) the node makes.
//
// [Home] is the node's part of the network on disk and while it runs; [Client] is
// the port through which the node records and reads. What the network looks like
// is in the packages below: org keeps certificates, channel knows the
// configuration, block reads and checks blocks, child runs the commands.
package fabric
