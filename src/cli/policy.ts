/**
 * `ate-dispatcher policy check`: explains what a policy decides.
 */
import { readFileSync } from "node:fs";
import type { Command } from "commander";
import { ACTIONS, type Decision, Policy } from "../auth/policy.js";
import { parsePolicy } from "../auth/policy-file.js";
import type { Action, Principal } from "../core/vocabulary/principal.js";
import { isPattern } from "../core/vocabulary/topic.js";
import type { Cli } from "./cli.js";
import { CliError, EXIT } from "./exit.js";
import { collect } from "./values.js";

const EXAMPLES = `
Examples:
  $ ate-dispatcher policy check policy.yaml --as orders-api --may request --on quotes.eu
  $ ate-dispatcher policy check policy.yaml --as alice --group traders --may listen --on 'quotes.*'
  $ ate-dispatcher policy check policy.yaml --as anonymous --may produce --on '>'

Exit code 0 if it is allowed, 1 if it is not, 2 if the policy or an option is wrong.`;

interface Flags {
  readonly as: string;
  readonly group: readonly string[];
  readonly may: string;
  readonly on: string;
  readonly json?: boolean;
}

/** Adds the command. */
export function addPolicy(program: Command, cli: Cli): void {
  const policy = program.command("policy").summary("check a policy").description("Checks a policy.");
  policy
    .command("check <policy>")
    .summary("explain what a policy decides")
    .description("Says whether a principal may do something on a topic or pattern, and which rule decides.")
    .requiredOption("--as <id>", "the id of the principal, or anonymous")
    .option("--group <group>", "a group of the principal; may be repeated", collect, [])
    .requiredOption("--may <action>", `one of ${ACTIONS.join(", ")}`)
    .requiredOption("--on <topic>", "the topic or pattern")
    .option("--json", "print the decision as JSON")
    .addHelpText("after", EXAMPLES)
    .action((path: string, flags: Flags) => {
      const decision = decide(path, flags);
      const output = cli.output(flags.json === true);
      void output.result(eventOf(flags, decision), () => sentence(path, flags, decision));
      cli.exitWith(decision.isAllowed ? EXIT.ok : EXIT.failed);
    });
}

function decide(path: string, { as, group, may, on }: Flags): Decision {
  if (!isAction(may)) throw new CliError(`--may is ${may}; use one of ${ACTIONS.join(", ")}`, EXIT.usage);
  if (!isPattern(on))
    throw new CliError(`--on is ${on}; use a topic or pattern, such as quotes.*`, EXIT.usage);
  return policyIn(path).explain(principalOf(as, group), may, on);
}

function policyIn(path: string): Policy {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CliError(`cannot read ${path} (${why}); name a policy file`, EXIT.usage);
  }
  const parsed = parsePolicy(text);
  if ("problems" in parsed) throw new CliError(`${path}\n${parsed.problems.join("\n")}`, EXIT.usage);
  return new Policy(parsed.rules);
}

function principalOf(id: string, groups: readonly string[]): Principal {
  const isAnonymous = id === "anonymous";
  return {
    id: isAnonymous ? "" : id,
    source: isAnonymous ? "anonymous" : "token",
    groups,
    expiresAt: undefined,
  };
}

function isAction(text: string): text is Action {
  return (ACTIONS as readonly string[]).includes(text);
}

function eventOf({ as, group, may, on }: Flags, { isAllowed, by }: Decision) {
  const decided = by && { line: by.rule.line, pattern: by.pattern };
  return {
    event: "decision",
    principal: as,
    groups: group,
    action: may,
    topic: on,
    allowed: isAllowed,
    ...decided,
  };
}

function sentence(path: string, { as, may, on }: Flags, { isAllowed, by }: Decision): string {
  const verdict = `${as} ${isAllowed ? "may" : "may not"} ${may} on ${on}`;
  if (!by) return `${verdict}: no rule allows it`;
  const word = isAllowed ? "allows" : "denies";
  return `${verdict}: the rule at ${path}:${by.rule.line} ${word} ${may} on ${by.pattern}`;
}
