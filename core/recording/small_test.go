package recording_test

// small is a recording with every kind of observation and every cause of event in it, and keys in an
// order of its own. (Its blocks are not what its graph decides: that is for replay to find out.)
const small = `{"blocks":[{"at":4,"observation":4,"voters":[0]},{"voters":[0,1],"observation":0,"at":4}],
 "format":"parsec-recording/1","name":"small \u00e9\ud83d\ude00\n\"","rules":"rfc-0049","mode":"single","coin":"round-parity",
 "peers":["a","b","c"],"genesis":[0,1],
 "observations":[
  {"id":"ABabababababababababababababababababababababababababababababab00","kind":"genesis","group":[0,1]},
  {"kind":"add","peer":2,"id":"ababababababababababababababababababababababababababababababab01"},
  {"id":"ababababababababababababababababababababababababababababababab02","kind":"remove","peer":1},
  {"id":"ababababababababababababababababababababababababababababababab03","kind":"accusation","peer":1,"malice":"Fork"},
  {"id":"ababababababababababababababababababababababababababababababab04","kind":"opaque","payload":"\u0070"}],
 "events":[[0,"initial"],[1,"initial"],[0,"observation",0,4],[0,"requesting",2,1],[1,"request",1,3],[0,"response",3,4]]}
`
