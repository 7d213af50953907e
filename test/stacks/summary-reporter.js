const { mkdirSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');

// What says nothing of a stack is skipped on it by name, and is no gap of the run.
const NOT_CONCERNED = 'not for this database';

const STACK = /\[([\w]+)(?: · ([\w]+))?\]/;

/**
 * Closes a run with its counts: per stack, what was skipped and why, and one line of totals. With
 * SCRYPATH_REQUIRE=postgres,meilisearch the run fails where a required part was skipped, or ran no test.
 */
module.exports = class SummaryReporter {
  onRunComplete(_contexts, results) {
    const tests = results.testResults.flatMap((file) =>
      file.testResults.map((test) => ({ ...test, file: file.testFilePath })),
    );
    const stacks = new Map();
    const ran = new Map();
    for (const test of tests) {
      const match = STACK.exec(test.fullName);
      const name = match ? match[0].slice(1, -1) : 'no stack';
      const row = stacks.get(name) ?? { passed: 0, failed: 0, skipped: 0 };
      const key = test.status === 'passed' ? 'passed' : test.status === 'failed' ? 'failed' : 'skipped';
      row[key] += 1;
      stacks.set(name, row);
      if (key === 'skipped' && test.fullName.includes(NOT_CONCERNED)) continue;
      for (const part of match ? match.slice(1).filter(Boolean) : [])
        ran.set(part, { passed: 0, skipped: 0, ...ran.get(part), [key]: (ran.get(part)?.[key] ?? 0) + 1 });
    }
    const print = (line) => process.stdout.write(`${line}\n`);
    print('\nTests per stack (database · engine):');
    for (const [name, { passed, failed, skipped }] of [...stacks].sort())
      print(`  ${name.padEnd(24)} ${passed} passed, ${failed} failed, ${skipped} skipped`);
    const skips = tests.filter((test) => test.status !== 'passed' && test.status !== 'failed');
    for (const reason of new Set(skips.map((test) => test.fullName))) print(`  skipped: ${reason}`);

    const required = (process.env.SCRYPATH_REQUIRE ?? '').split(',').filter(Boolean);
    const partial = (process.env.SCRYPATH_PARTIAL ?? '') !== '';
    const unmet = required.filter(
      (part) => (ran.get(part)?.skipped ?? 0) > 0 || (!partial && !(ran.get(part)?.passed > 0)),
    );
    if (unmet.length > 0) {
      // Jest has decided by now; an exit code that is set stays.
      process.exitCode = 1;
      this.error = new Error(`Required, but skipped or without a test: ${unmet.join(', ')}.`);
      print(`\n${this.error.message}`);
    }
    // A file that does not even load has no tests to count, and is a failure all the same.
    const broken = results.testResults.filter((file) => file.testExecError).length;
    const failed = results.numFailedTests + broken + unmet.length;
    const skipped = results.numPendingTests + results.numTodoTests;
    const totals = `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
    print(`\n${totals}`);
    const folder = join(__dirname, '../../.tmp');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      join(folder, 'test-totals.json'),
      JSON.stringify({ passed: results.numPassedTests, failed, skipped }),
    );
  }

  getLastError() {
    return this.error;
  }
};
