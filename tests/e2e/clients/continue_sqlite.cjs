// In place of the package sqlite3, which has to be compiled: a database in which nothing is ever found.
//
// Continue keeps suggestions in it that it has shown, to show them again; the tests ask for a new one each time.

class Database {
  constructor(_, done) {
    setImmediate(done, null);
  }

  configure() {}

  exec(_, done) {
    setImmediate(done, null);
  }

  run(...given) {
    setImmediate(given.pop().bind({ lastID: 0, changes: 0 }), null);
  }

  get(...given) {
    setImmediate(given.pop(), null, undefined);
  }

  all(...given) {
    setImmediate(given.pop(), null, []);
  }
}

module.exports = { Database };
