import { line } from "./diff.js";
import { EVENT_TIMEOUT_MS } from "./event-record.js";
import { findings, settle } from "./expectations.js";
import { broken } from "./invariants.js";
import type { Expectation, Scenario, Step } from "./scenario.js";
import { ScenarioRun } from "./scenario-run.js";
import { perform } from "./steps.js";
import type { TestBed } from "./test-bed.js";

/** The outcome of a run. */
export type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly why: string }
  /** The language lacks a feature that the scenario needs. */
  | { readonly kind: "unsupported"; readonly why: string };

/**
 * Runs one scenario against a fresh server. Never rejects.
 *
 * @param timeoutMs - how long an expected event may take, in milliseconds.
 */
export async function runScenario(
  bed: TestBed,
  scenario: Scenario,
  timeoutMs: number = EVENT_TIMEOUT_MS,
): Promise<Outcome> {
  const lacking = (scenario.needs ?? []).filter((feature) => !bed.features.includes(feature));
  if (lacking.length > 0) return { kind: "unsupported", why: `lacks ${lacking.join(", ")}` };
  const run = new ScenarioRun(bed, bed.settingsOf(scenario), timeoutMs);
  const problems: string[] = [];
  try {
    await run.open();
    problems.push(...(await performAll(run, scenario)));
  } catch (error) {
    problems.push(messageOf(error));
  }
  try {
    problems.push(...(await run.close()).map((error) => `the server logged an error: ${error}`));
  } catch (error) {
    problems.push(`afterwards: ${messageOf(error)}`);
  }
  if (problems.length === 0) return { kind: "passed" };
  const log = ["all events:", ...run.record.log.map((line) => `  ${line}`)];
  return { kind: "failed", why: [...problems, ...log, bed.notes].join("\n").trimEnd() };
}

async function performAll(run: ScenarioRun, scenario: Scenario): Promise<readonly string[]> {
  for (const [name, spec] of Object.entries(scenario.producers ?? {})) await run.openProducer(name, spec);
  for (const [name, spec] of Object.entries(scenario.listeners ?? {})) await run.openListener(name, spec);
  for (const [index, step] of scenario.steps.entries()) await attempt(run, step, index);
  const expected: Expectation = scenario.expect ?? {};
  await settle(run, expected);
  const differencesSoFar = findings(run, expected);
  // Differences so far are more readable than a missing fence.
  if (differencesSoFar.length > 0) return differencesSoFar;
  await run.fence();
  return [...findings(run, expected), ...broken(run)];
}

async function attempt(run: ScenarioRun, step: Step, index: number): Promise<void> {
  try {
    await perform(run, step);
  } catch (error) {
    throw new Error(`step ${index + 1}, ${line(step)}: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
