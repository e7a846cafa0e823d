package letter

// Reset brings a link with which somebody sets a new password.
func (w *Writer) Reset(lang, node, name, link string) (Letter, error) {
	v := w.in(lang, node)
	return v.write(v.say("A new password for %s", node), []part{
		{Text: v.say("Hello %s,", name)},
		{Text: v.say("you asked for a new password. With this link you set one; it works once, for two hours:")},
		{Text: v.say("Set a new password"), Link: link},
		{Text: v.say("If you did not ask for it, there is nothing to be done: without the link nothing changes.")},
	})
}

// Confirm asks whether an address is theirs.
//
// It goes to somebody who may have nothing to do with it, so nothing is in it
// that a stranger can word.
func (w *Writer) Confirm(lang, node, handle, link string) (Letter, error) {
	v := w.in(lang, node)
	return v.write(v.say("Is this your address?"), []part{
		{Text: v.say("the account @%s on %s is to have this address. If that is you, say so with this link; it works for three days:", handle, node)},
		{Text: v.say("This is my address"), Link: link},
		{Text: v.say("If it is not you, there is nothing to be done: without the link no letters come here.")},
	})
}

// Password tells that a password was changed.
func (w *Writer) Password(lang, node, name string) (Letter, error) {
	v := w.in(lang, node)
	return v.write(v.say("Your password was changed"), []part{
		{Text: v.say("Hello %s,", name)},
		{Text: v.say("the password of your account on %s was changed just now. All other browsers are signed out.", node)},
		{Text: v.say("If that was not you, set a new one at once:")},
		{Text: v.say("Set a new password"), Link: v.base + "/forgot"},
	})
}

// Moved tells an address that letters do not come to it any more.
func (w *Writer) Moved(lang, node, name string) (Letter, error) {
	v := w.in(lang, node)
	return v.write(v.say("Your mail address was changed"), []part{
		{Text: v.say("Hello %s,", name)},
		{Text: v.say("letters from %s do not come to this address any more. This is the last one.", node)},
		{Text: v.say("If that was not you, tell whoever runs the node.")},
	})
}

// Invite brings a link with which an account can be made; from is who
// invites, "" for the node.
func (w *Writer) Invite(lang, node, from, link string) (Letter, error) {
	v := w.in(lang, node)
	hello := v.say("%s invites you to %s, where people listen to music without loss and see what their money does.", from, node)
	if from == "" {
		hello = v.say("You are invited to %s, where people listen to music without loss and see what their money does.", node)
	}
	return v.write(v.say("An invitation to %s", node), []part{
		{Text: hello},
		{Text: v.say("With this link you make an account; it works once, for two weeks:")},
		{Text: v.say("Make an account"), Link: link},
		{Text: v.say("If you would rather not, there is nothing to be done. Your address is forgotten after two weeks.")},
	})
}
