// Prints the counts of a test report on one line and ends with 1 when anything failed. Usage: count-tests REPORT FAILED_STEPS
'use strict';

const { readFileSync } = require('node:fs');

const [reportPath, failedSteps] = process.argv.slice(2);

function readCounts() {
  try {
    const report = JSON.parse(readFileSync(reportPath, 'utf8'));
    return { passed: report.numPassedTests, failed: report.numFailedTests, skipped: report.numPendingTests };
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

const { passed, failed, skipped } = readCounts();
// A step that failed without a failing test (a type error, a test file that does not load) counts as one failure.
const failures = Math.max(failed, Number(failedSteps));
const parts = [`${passed} passed`, `${failures} failed`];
if (skipped > 0) parts.push(`${skipped} skipped`);
console.log(parts.join(', '));
process.exit(failures === 0 ? 0 : 1);
