package vocab

import "encoding/json"

// Context is what "@context" of every document is. It is sent whole, so that
// nobody has to fetch anything to understand it.
func Context() json.RawMessage { return json.RawMessage(context) }

const context = `["https://www.w3.org/ns/activitystreams","https://w3id.org/security/v1","https://w3id.org/security/data-integrity/v1","https://w3id.org/security/multikey/v1",{` +
	`"nineten":"` + Namespace + `",` +
	`"fw":"https://funkwhale.audio/ns#",` +
	`"sc":"http://schema.org/",` +
	`"pt":"https://joinpeertube.org/ns#",` +
	`"toot":"http://joinmastodon.org/ns#",` +
	`"gts":"https://gotosocial.org/ns#",` +
	`"interactionPolicy":{"@id":"gts:interactionPolicy","@type":"@id"},` +
	`"canReply":{"@id":"gts:canReply","@type":"@id"},"canLike":{"@id":"gts:canLike","@type":"@id"},"canAnnounce":{"@id":"gts:canAnnounce","@type":"@id"},` +
	`"automaticApproval":{"@id":"gts:automaticApproval","@type":"@id"},"manualApproval":{"@id":"gts:manualApproval","@type":"@id"},` +
	`"xsd":"http://www.w3.org/2001/XMLSchema#",` +
	`"sensitive":"as:sensitive","Hashtag":"as:Hashtag","manuallyApprovesFollowers":"as:manuallyApprovesFollowers",` +
	`"alsoKnownAs":{"@id":"as:alsoKnownAs","@type":"@id"},"movedTo":{"@id":"as:movedTo","@type":"@id"},` +
	`"discoverable":"toot:discoverable","indexable":"toot:indexable","featured":{"@id":"toot:featured","@type":"@id"},` +
	`"implements":{"@id":"https://w3id.org/fep/844e#implements"},` +
	`"assertionMethod":{"@id":"https://w3id.org/security#assertionMethod","@type":"@id"},` +
	`"integrated":"nineten:integrated","truePeak":"nineten:truePeak","albumGain":"nineten:albumGain",` +
	`"nineten:collaborators":{"@type":"@id"},"nineten:manifest":{"@type":"@id"},"nineten:people":{"@container":"@list"},"nineten:post":{"@type":"@id"},` +
	`"webfinger":"https://purl.archive.org/socialweb/webfinger#webfinger",` +
	`"expires":{"@id":"sc:expires","@type":"xsd:dateTime"},` +
	`"bitrate":{"@id":"fw:bitrate","@type":"xsd:nonNegativeInteger"},"size":{"@id":"pt:size","@type":"xsd:nonNegativeInteger"},` +
	`"digestMultibase":{"@id":"https://w3id.org/security#digestMultibase","@type":"https://w3id.org/security#multibase"},` +
	`"PropertyValue":"sc:PropertyValue","value":"sc:value",` +
	`"InteractionCounter":"sc:InteractionCounter","interactionType":{"@id":"sc:interactionType","@type":"@id"},"userInteractionCount":"sc:userInteractionCount"` +
	`}]`
