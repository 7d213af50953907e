// Loaded behind ../typescript.cjs: what takes seconds so that a busy machine is not taken for a dead one takes fewer here, so
// that a run sees these times pass. `lateMs` is a request of three seconds, and what the network of these tests holds it back
// for beyond that.
process.scrypathChanges = require('./short-times.json');
