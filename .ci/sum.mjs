// Adds up vitest's JSON reports and closes with the one line that tells how many tests ran:
//   node .ci/sum.mjs REPORT.json…
// Fails when a test failed, when a file failed to load, or when nothing ran.
import { readFileSync } from "node:fs";

let [passed, failed, skipped] = [0, 0, 0];
for (const path of process.argv.slice(2)) {
  let report;
  try {
    report = JSON.parse(readFileSync(path, "utf8"));
  } catch {
    continue; // The run that should have written it has failed already, aloud.
  }
  passed += report.numPassedTests;
  failed += report.numFailedTests;
  skipped += report.numPendingTests + report.numTodoTests;
  // A file that does not load has no tests of its own to fail.
  failed += report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
}
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
if (failed > 0 || passed === 0) process.exitCode = 1;
