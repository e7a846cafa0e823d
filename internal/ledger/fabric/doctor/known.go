package doctor

import "regexp"

// A complaint of Fabric's that is known: what it means, and what helps.
type complaint struct {
	says   *regexp.Regexp
	what   string // the finding it belongs to
	means  string // goes on "It says that"
	remedy string
}

// complaints are tried in order: the first that fits counts.
var complaints = []complaint{
	{
		regexp.MustCompile(`address already in use`),
		"ports", "one of its ports is in use by another program",
		"The finding \"ports\" names the port and what to do.",
	},
	{
		regexp.MustCompile(`cannot assign requested address`),
		"ports", "the address to listen on is not one of this machine's",
		"Correct ledger.fabric.listen: an address of this machine, or nothing for all of them.",
	},
	{
		regexp.MustCompile(`bind: permission denied`),
		"ports", "it may not use one of its ports: those below 1024 are for the system",
		"Set ledger.fabric.port to the first of six free ports above 1023.",
	},
	{
		regexp.MustCompile(`no space left on device|disk quota exceeded`),
		"disk", "the disk is full",
		"Make room. It comes back by itself and has lost nothing.",
	},
	{
		regexp.MustCompile(`current time \S+ is before`),
		"clock", "a certificate is not valid yet by this clock",
		setClock,
	},
	{
		regexp.MustCompile(`incorrect timestamp|apart from current server time`),
		"clock", "the time of a request is too far from another node's",
		setClock,
	},
	{
		regexp.MustCompile(`identity expired|current time \S+ is after|certificate has expired`),
		"certificate", "a certificate has ended",
		"Run 9ten ledger renew. If the certificates listed have not ended, it is the clock of this machine, or another node's certificate: the log says which address refused.",
	},
	{
		regexp.MustCompile(`certificate signed by unknown authority|unknown certificate authority`),
		"certificate", "the other side's certificate is from an authority that the channel does not know",
		"Ask the members whether this node is still one (9ten ledger status). A restored backup must hold the folders ca/, peer/, orderer/ and admin/ of the same node.",
	},
	{
		regexp.MustCompile(`KeyMaterial not found|error loading TLS (key|certificate)|Failed to load (TLS|ClientRootCAs|client TLS)|could not load a valid (signer|ca) certificate|/(msp|tls)/\S*: no such file`),
		"certificate", "a file with one of its keys or certificates is missing or damaged",
		"Restore the folder of that file from a backup. Without its keys a node is not the member it was.",
	},
	{
		regexp.MustCompile(`permission denied`),
		"files", "it may not read or write one of its files",
		"See that everything in the data directory belongs to whoever runs the node (chown -R).",
	},
	{
		regexp.MustCompile(`lock is already acquired|resource temporarily unavailable`),
		"files", "another process uses the same data",
		"End the other peer or orderer: a second node on the same data directory, or one somebody started by hand.",
	},
	{
		regexp.MustCompile(`too many open files`),
		"files", "it may not open more files",
		"Raise the limit for the node: LimitNOFILE=65536 in its systemd unit, or ulimit -n 65536.",
	},
	{
		regexp.MustCompile(`out of memory|cannot allocate memory`),
		"memory", "memory ran out",
		"Give the machine more memory, or swap: a peer takes 200 MiB after some thousands of transactions, and an orderer 170.",
	},
	{
		regexp.MustCompile(`missing or corrupted|corruption|checksum mismatch|unexpected EOF|hash mismatch`),
		"data", "its copy of the ledger is damaged",
		"The ledger is not lost: every member has it. Stop the node, move the folder data of this peer or orderer away, and start it again: it fetches everything from the others. A network of one has its orderer's copy in a backup alone.",
	},
}

// recognise finds what a line of Fabric's means.
func recognise(line string) (complaint, bool) {
	for _, c := range complaints {
		if c.says.MatchString(line) {
			return c, true
		}
	}
	return complaint{}, false
}
