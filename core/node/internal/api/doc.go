// Package api serves the HTTP interface of a node. What a node is, it knows as a [Backend]. Package client, in
// core/node/client, is the other side, for programs in Go; this is for those who write another one, or use curl.
//
// # Requests
//
//	POST /v1/submissions      submit bytes: ?id=HEX and until=N say which submission it is, wait=decided waits
//	GET  /v1/submissions/{id} how far a submission is: ?hash=HEX and until=N say which one, wait=decided waits
//	POST /v1/stream           submit many, and be told how many are acknowledged
//	GET  /v1/blocks           what is decided: ?from=N, follow=1, ids=1, max=N
//	POST /v1/members/add      vote that a peer become a member
//	POST /v1/members/remove   vote that a peer be a member no more
//	GET  /v1/status           how the node is
//	GET  /v1/healthz          200 while the node votes, or is on its way to; else 503 and why
//
// HTTP/1.1, without TLS: the address is for programs of the same owner, and by default of the same machine. Answers
// are JSON unless it is said otherwise. In JSON, ids, hashes and identities are hexadecimal digits, 32, 64 and 64 of them, and all
// other bytes are base64, whether they are text or not. A parameter that is not listed is an error.
// What a browser posts for a page of another origin is refused, and so is what it posts over plain HTTP to a name other
// than localhost: whoever has that name could have made it lead here.
//
// # Submissions
//
// A submission is an id, data, and until: the number of the last block at which it counts. Together they are decided once,
// however often they are submitted and whoever votes for them. The same id with other data, or with another until, is
// another submission: whoever learns of one can make others with its id, but cannot have it replaced.
//
// The body of POST /v1/submissions is the data, at most 1 MiB less 64 bytes, whatever its type says. The answer says what the
// submission was given that the request did not say. The id is drawn by the node if none is given: then a client that gets
// no answer does not know it, and cannot submit the same again. Until is 1,048,576 blocks after those that the node has decided, more
// than ten minutes under any load, or that of an earlier try with the same id and data that this node knows. To submit
// the same again, at this or another node, is no harm; at another node, say the same until.
//
//	$ curl -s --data-binary 'hello' 'http://127.0.0.1:7000/v1/submissions?id=000102030405060708090a0b0c0d0e0f'
//	{"id":"000102030405060708090a0b0c0d0e0f","hash":"ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f","until":1048577,"state":"decided","number":0,"block":1}
//
// Hash is BLAKE3 of the data, 256 bits, as b3sum prints it. The status is 200; 202 while it is not decided, without number
// and block. The states are:
//
//	unknown       this node has not seen it: as code of an error, 404
//	pending       taken in; whether it is durable is not told
//	acknowledged  durable at this node: it will be decided or expire, also after a crash of the node
//	decided       number: of the submission, in the order of all; block: that has it
//	expired       until has passed without it, and it never will be decided: as code of an error, 410; submit it again with a later until
//
// An answer to POST comes when the submission is acknowledged, or decided, with wait=decided; GET with wait=decided
// waits likewise. A node waits 30 s for a decision and then answers 202: GET again. To ask for a submission, say its id,
// hash and until.
//
//	$ curl -s 'http://127.0.0.1:7000/v1/submissions/000102030405060708090a0b0c0d0e0f?hash=ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f&until=1048577&wait=decided'
//	{"id":"000102030405060708090a0b0c0d0e0f","hash":"ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f","until":1048577,"state":"decided","number":0,"block":1}
//
// By the id alone, or by id and hash, the answer names the submissions that the node knows, of the first eight with the id,
// and says if there are more. Anyone may have submitted them.
//
//	$ curl -s 'http://127.0.0.1:7000/v1/submissions/000102030405060708090a0b0c0d0e0f'
//	{"id":"000102030405060708090a0b0c0d0e0f","submissions":[{"hash":"ea8f163db38682925e4491c5e58d4bb3506ef8c14eb78a86e908c5624a67200f","until":1048577,"state":"decided","number":0,"block":1}]}
//
// Until is at most 2,097,152 blocks ahead of those that the node has decided; a node refuses what is further. A block decides
// a submission only if its number is at most until, and at least until less 2,097,152. So who keeps those that the last
// 2,097,152 blocks decided knows that nothing older can be decided again.
//
// # Streams
//
// A stream is full duplex: the node answers while the client sends. Its head, 200, is sent before any of the body is
// read. The type of the body is application/vnd.parsec.stream or application/octet-stream or not said. The client sends
// frames:
//
//	bytes  what
//	4      length of the entries, in bytes, little-endian: 1 to 1048576
//	       entries, one after the other, each:
//	16       id
//	1 to 10  until, as an unsigned varint, as short as can be
//	1 to 3   length of the data, likewise: at most 1048512
//	         data
//
// The node sends counts:
//
//	8      little-endian: so many submissions of this stream, in the order they came, are acknowledged; more than before
//
// until the client has ended its body and all is acknowledged; then the answer ends. When a node ends the stream
// for another reason, it acknowledges what it still can, for at most 5 s, and sends
//
//	8      ff ff ff ff ff ff ff ff
//	4      length of the text, little-endian: at most 4096
//	       text: an error as below
//
// and reads on for at most 20 s, so that nothing gets lost, until the client closes. An answer that ends otherwise is a
// connection that broke.
//
//	$ printf '\030\0\0\0a submission id.\210\200\100\004data' | curl -s --data-binary @- -H 'Content-Type: application/vnd.parsec.stream' http://127.0.0.1:7000/v1/stream | od -An -tu8 | tr -d ' '
//	1
//
// A node has at most 131072 submissions of a stream, or one frame, in flight, and fewer when it has no room: it stops
// reading, and TCP makes the client wait. A frame that has begun has to be complete within 30 s, a stream may have nothing
// to say for 10 min, and acknowledgements have to be taken within 30 s.
//
// What comes too late or has an until too far ahead ends the stream, with code expired or too_far and the id. None of its
// frame is taken then. What came before, and was decided, is acknowledged.
//
// To go on after an error, submit again, over another stream, what was not acknowledged. It may have been decided all the
// same, and will not be decided twice.
//
// # Blocks
//
// GET /v1/blocks gives decided blocks from number N on, 0 by default, to the last one that there is; with follow=1, also
// those that are decided later, each as soon as it is; at most max of them. With ids=1 the data of submissions is left out, and
// its hash is there. What a block does not decide, for an earlier one did or until has passed, is left out.
//
// Without more, there is one line of JSON for each block (NDJSON):
//
//	$ curl -s 'http://127.0.0.1:7000/v1/blocks'
//	{"number":0,"kind":"genesis"}
//	{"number":1,"kind":"submissions","by":"5010000000000000000000000000000000000000000000000000000000000000","first":0,"items":[{"id":"000102030405060708090a0b0c0d0e0f","until":1048577,"data":"aGVsbG8="}]}
//	{"number":2,"kind":"submissions","by":"5010000000000000000000000000000000000000000000000000000000000000","first":1,"items":[{"id":"61207375626d697373696f6e2069642e","until":1048584,"data":"ZGF0YQ=="}]}
//
// The kind is genesis, submissions, add, remove, or other: a payload that no node of this kind made. "by" is who voted
// for it, in Single mode; "peer" and "info" are of add and remove; "first" is the number of the first of the items. A line
// has at most 4 MiB, or 8 MiB with ids=1. The last one is an error, as below, if the node ends it for a reason of its own.
//
// With Accept: application/vnd.parsec.blocks, frames of that type. All integers are little-endian:
//
//	offset  bytes  what
//	0       4      length of what follows: 2 to 4194304
//	4       1      kind: 1 genesis, 2 submissions, 3 add, 4 remove, 5 other
//	5       1      flags: 1 there is by, 2 there is peer, 4 items are without data
//	6       8      number of the block
//	14      8      number of the first item
//	22      4      count of items
//	26      2      length of info
//	28      32     by, if its flag says so
//	        32     peer, if its flag says so
//	               info
//	               items: entries as in streams; without data, 16 bytes of id, 8 of until, 32 of hash
//
// A frame of kind 0 is the last: after its flags, 0, the rest of it is an error as below.
//
//	$ curl -s -H 'Accept: application/vnd.parsec.blocks' 'http://127.0.0.1:7000/v1/blocks?from=1&max=1&ids=1' | od -An -tx1 -v | tr -d ' '
//	70000000020501000000000000000000
//	00000000000001000000000050100000
//	00000000000000000000000000000000
//	00000000000000000000000000010203
//	0405060708090a0b0c0d0e0f01001000
//	00000000ea8f163db38682925e4491c5
//	e58d4bb3506ef8c14eb78a86e908c562
//	4a67200f
//
// To go on after an error, ask again, from the number after that of the last block. A reader has to take 64 KiB in 30 s,
// or is cut: the answer then does not end as it should. Nothing is gathered for slow readers.
//
// # Members
//
// A vote is a body of type application/json: the peer's identity and, as base64, at most 1 KiB of what else is to be said
// of it. Enough members have to vote for the same. The answer, 202, comes when the vote is durable.
//
//	$ curl -s -H 'Content-Type: application/json' -d '{"identity":"1111111111111111111111111111111111111111111111111111111111111111","info":"aG9zdDo3MDAw"}' http://127.0.0.1:7000/v1/members/add
//	{"identity":"1111111111111111111111111111111111111111111111111111111111111111","state":"acknowledged"}
//	$ curl -s 'http://127.0.0.1:7000/v1/blocks?from=3'
//	{"number":3,"kind":"add","by":"5010000000000000000000000000000000000000000000000000000000000000","peer":"1111111111111111111111111111111111111111111111111111111111111111","info":"aG9zdDo3MDAw"}
//
// # Errors
//
// An error is a JSON object with a text for people, of at most 600 bytes, and a code:
//
//	$ curl -s http://127.0.0.1:7000/v1/submissions/00000000000000000000000000000000
//	{"error":"this node has not seen such a submission","code":"unknown"}
//	$ curl -s -o /dev/null -w '%{http_code}\n' http://127.0.0.1:7000/v1/submissions/1
//	400
//
// These are the codes. 429 and 503 have a Retry-After, in seconds, but for forked:
//
//	400 malformed    the request, or a frame, is not as it should be
//	403 cross_origin a browser asks for another site
//	404 not_found    no such path
//	404 unknown      no such submission
//	410 expired      until has passed, and the submission was not decided
//	422 too_far      until is more than 2,097,152 blocks ahead of this node, which may be behind
//	405 method       not at this path; Allow says which
//	408 timeout      a body, a frame, or anything at all in a stream, took too long to come
//	409 conflict     the vote does not fit the section as it is
//	413 too_large    a submission, a frame or a vote
//	415 media_type   a type that is not taken here, or an encoding
//	429 busy         too many requests, streams, readers or waiting requests at a time
//	429 no_room      too much waits to be decided
//	500 failed       the node could not do it, for a reason that the text gives
//	503 cannot_vote  the node is not a voter now, learns what its log lacks, has no disk to write on, or its memory is full
//	503 forked       the node's key was used elsewhere, and it takes part no more: nor will it decide what it acknowledged. Go to another node, with the same id and until
//	503 stopping     the node ends
//
// # Health
//
//	$ curl -s http://127.0.0.1:7000/v1/healthz
//	{"state":"voting"}
//
// The status is a JSON object, the fields of which are those of client.Status. It is also told while the node stops. The states:
//
//	voting    all is well, or reason says what it takes nothing for
//	joining   members have not decided to add it, or it does not know yet
//	learning  it asks members for its own last events before it makes one: for a second at most at a start, in which submissions wait; longer where its log lacks some, and then they are refused. awaits names who has not answered
//	removed   members decided to remove it
//	reading   it cannot write its log: blocks can be read
//	forked    it met an event of its own key that it did not make: it takes part no more, also when it is started again. reason says what to do
//
// Health is 200 in the first three.
package api
