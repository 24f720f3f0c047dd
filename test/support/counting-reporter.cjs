'use strict';
const { writeFileSync } = require('node:fs');
const { reporters } = require('mocha');

/** Prints as `spec` does, and leaves the counts in a file for test/run.ts. */
class CountingReporter extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once('end', () => {
      const { passes, failures, pending } = this.stats;
      writeFileSync(options.reporterOptions.counts, JSON.stringify({ passes, failures, pending }));
    });
  }
}

module.exports = CountingReporter;
