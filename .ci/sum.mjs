// Adds up test reports. The last line of its output is the total number of tests:
//   node .ci/sum.mjs REPORT…
// A report is vitest's JSON (.json), the JUnit XML of pytest or Surefire (.xml), `go test -json` (.jsonl) or what
// conformance counted (.counts). Exits with 1 if a test failed, a file failed to load, or no test ran.
import { readFileSync } from "node:fs";

const readers = { ".json": vitest, ".xml": junit, ".jsonl": go, ".counts": JSON.parse };

const sum = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  let report;
  try {
    report = readers[path.slice(path.lastIndexOf("."))](readFileSync(path, "utf8"));
  } catch {
    continue; // The run that should have written this report has failed already and reported it.
  }
  for (const key of Object.keys(sum)) sum[key] += report[key];
}
const { passed, failed, skipped } = sum;
if (skipped > 0) console.log(`${skipped} skipped`);
console.log(`${passed} passed, ${failed} failed`);
if (failed > 0 || passed === 0) process.exitCode = 1;

function vitest(text) {
  const report = JSON.parse(text);
  // A file that does not load contributes no failed test, so it is counted here.
  const unloaded = report.testResults.filter(
    (file) => file.status === "failed" && file.assertionResults.length === 0,
  ).length;
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloaded,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

function junit(text) {
  const [suite] = /<testsuite [^>]*>/.exec(text);
  const count = (name) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suite)[1]);
  const failed = count("failures") + count("errors");
  const skipped = count("skipped");
  return { passed: count("tests") - failed - skipped, failed, skipped };
}

function go(text) {
  const events = text
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line));
  const ended = (action) => events.filter((event) => event.Test && event.Action === action).length;
  const broken = events.filter((event) => !event.Test && event.Action === "fail").length;
  return { passed: ended("pass"), failed: Math.max(ended("fail"), broken), skipped: ended("skip") };
}
