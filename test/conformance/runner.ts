import { findings, settle } from "./expectations.js";
import { broken } from "./invariants.js";
import { PATIENCE_MS } from "./record.js";
import type { Expectation, Scenario, Step } from "./scenario.js";
import { Stage } from "./stage.js";
import { perform } from "./steps.js";
import type { Troupe } from "./troupe.js";

/** How a scenario went. */
export type Outcome =
  | { readonly kind: "passed" }
  | { readonly kind: "failed"; readonly why: string }
  /** The language lacks a feature that it needs. */
  | { readonly kind: "unsupported"; readonly why: string };

/**
 * Plays one scenario against a fresh server. Never rejects.
 *
 * @param patienceMs - how long something that is expected may take to come.
 */
export async function play(
  troupe: Troupe,
  scenario: Scenario,
  patienceMs: number = PATIENCE_MS,
): Promise<Outcome> {
  const lacking = (scenario.needs ?? []).filter((feature) => !troupe.features.includes(feature));
  if (lacking.length > 0) return { kind: "unsupported", why: `lacks ${lacking.join(", ")}` };
  const stage = new Stage(troupe, scenario.server ?? {}, patienceMs);
  const problems: string[] = [];
  try {
    await stage.open();
    problems.push(...(await act(stage, scenario)));
  } catch (error) {
    problems.push(messageOf(error));
  }
  try {
    problems.push(...(await stage.close()).map((error) => `the server logged an error: ${error}`));
  } catch (error) {
    problems.push(`afterwards: ${messageOf(error)}`);
  }
  if (problems.length === 0) return { kind: "passed" };
  const log = ["all events:", ...stage.record.log.map((line) => `  ${line}`)];
  return { kind: "failed", why: [...problems, ...log, troupe.notes].join("\n").trimEnd() };
}

async function act(stage: Stage, scenario: Scenario): Promise<readonly string[]> {
  for (const [name, spec] of Object.entries(scenario.producers ?? {})) await stage.openProducer(name, spec);
  for (const [name, spec] of Object.entries(scenario.listeners ?? {})) await stage.openListener(name, spec);
  for (const [index, step] of scenario.steps.entries()) await attempt(stage, step, index);
  const expected: Expectation = scenario.expect ?? {};
  await settle(stage, expected);
  const sofar = findings(stage, expected);
  // What is missing is told better than a fence that does not come.
  if (sofar.length > 0) return sofar;
  await stage.fence();
  return [...findings(stage, expected), ...broken(stage)];
}

async function attempt(stage: Stage, step: Step, index: number): Promise<void> {
  try {
    await perform(stage, step);
  } catch (error) {
    throw new Error(`step ${index + 1}, ${JSON.stringify(step)}: ${messageOf(error)}`);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
