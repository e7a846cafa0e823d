// The few sentences that scripts say themselves. Keys are the English words;
// pages carry everything else.

const german: Record<string, string> = {
  Play: "Abspielen",
  Pause: "Pause",
  "Playing %s by %s": "Es läuft %s von %s",
  Paused: "Angehalten",
  " (playing)": " (läuft)",
  "%s of %s": "%s von %s",
  "%s more, %s": "noch %s, %s",
  "Queue, %s more": "Warteschlange, noch %s",
  "Sound quality: %s": "Klangqualität: %s",
  "Move %s up": "%s nach oben",
  "Move %s down": "%s nach unten",
  "Remove %s": "%s entfernen",
  "Play %s": "%s abspielen",
  "%s is next in the queue": "%s steht als Nächstes in der Warteschlange",
  "%s is in the queue": "%s steht in der Warteschlange",
  "Queue cleared": "Warteschlange geleert",
  "%s is number %s of %s": "%s steht an Stelle %s von %s",
  "Removed: %s": "Entfernt: %s",
  "The rest is shuffled": "Der Rest ist gemischt",
  "Repeating the queue": "Die Warteschlange wird wiederholt",
  "Not repeating": "Keine Wiederholung",
  "Muted": "Stumm",
  "Volume %s %": "Lautstärke %s %",
  "Mute": "Stumm schalten",
  "Sound on": "Ton an",
  "Lyrics of %s": "Text von %s",
  "Like %s": "%s merken",
  "Liked: %s": "Gemerkt: %s",
  "This track cannot be played in this browser. The next one follows.":
    "Dieses Stück kann dieser Browser nicht abspielen. Das nächste folgt.",
  "This track cannot be played in this browser. Its artist’s file is in a form the browser does not know.":
    "Dieses Stück kann dieser Browser nicht abspielen. Die Datei liegt in einer Form vor, die er nicht kennt.",
  "The node does not answer. Playing goes on as soon as it does.": "Der Knoten antwortet nicht. Es geht weiter, sobald er es tut.",
  "Sign in, and what you hear counts toward your nine.": "Melde dich an, dann zählt, was du hörst, für deine Neun.",
  "signed by this browser": "von diesem Browser signiert",
  "not signed: this address is not https, so the browser keeps no key": "nicht signiert: diese Adresse ist nicht https, darum verwahrt der Browser keinen Schlüssel",
  "not counted: its server does not say who is paid for it": "zählt nicht: sein Server sagt nicht, wer dafür bezahlt wird",
  "not counted: nobody is signed in": "zählt nicht: niemand ist angemeldet",
  "%s dB, album gain": "%s dB, Album-Ausgleich",
  "%s dB, track gain": "%s dB, Stück-Ausgleich",
  "as recorded": "wie aufgenommen",
  "the file as it was uploaded": "die Datei, wie sie hochgeladen wurde",
  "The queue is full: %s tracks are the most": "Die Warteschlange ist voll: höchstens %s Stücke",
};

/** Adds sentences of a page's own script. */
export function learn(more: Record<string, string>): void {
  Object.assign(german, more);
}

/** Says a sentence in the language of the page, with its %s filled in order. */
export function t(key: string, ...args: (string | number)[]): string {
  let words = document.documentElement.lang.startsWith("de") ? (german[key] ?? key) : key;
  for (const a of args) words = words.replace("%s", () => String(a));
  return words;
}
