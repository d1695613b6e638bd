// In place of packages that Continue loads for providers other than those that are tested.
module.exports = {};
