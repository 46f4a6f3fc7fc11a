/**
 * The format of the policy file. Every mistake is reported with its line, its field, its value and the remedy.
 */
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";
import { excerpt, quote } from "../core/vocabulary/reason.js";
import { isPattern } from "../core/vocabulary/topic.js";
import { groupsProblem, idProblem } from "./identity.js";
import { ACTIONS, type PatternsByAction, type Rule } from "./policy.js";

/** Limit of the rules of a policy, and of the patterns and principals of all rules. */
export const MAX_RULES = 10_000;
export const MAX_ENTRIES = 100_000;
/** Problems that are reported; after so many, the reader knows that this is no policy. */
const MAX_PROBLEMS = 20;
const KEYS = ["version", "rules"];
const RULE_KEYS = ["principals", "allow", "deny", "shareGroups"];

/** What a policy file says, or what is wrong with it. */
export type ParsedPolicy = { readonly rules: readonly Rule[] } | { readonly problems: readonly string[] };

/** Reads the content of a policy file. */
export function parsePolicy(text: string): ParsedPolicy {
  const reader = new PolicyReader(text);
  const rules = reader.read();
  return reader.problems.length > 0 ? { problems: reader.problems } : { rules };
}

class PolicyReader {
  readonly problems: string[] = [];
  private readonly lines = new LineCounter();
  private entryCount = 0;

  constructor(private readonly text: string) {}

  read(): readonly Rule[] {
    const document = parseDocument(this.text, {
      prettyErrors: false,
      lineCounter: this.lines,
      uniqueKeys: true,
    });
    const [error] = document.errors;
    if (error) {
      this.report(
        undefined,
        `line ${this.lines.linePos(error.pos[0]).line} is not valid YAML: ${error.message}`,
      );
      return [];
    }
    const root = document.contents;
    if (!isMap(root)) {
      this.report(root, "is no map; write version: 1 and rules");
      return [];
    }
    const fields = this.fieldsOf(root, KEYS, "");
    const version = fields.get("version");
    if (!isScalar(version) || version.value !== 1)
      this.report(version ?? root, `version is ${shown(version)}; use 1`);
    const rules = fields.get("rules");
    if (!isSeq(rules)) {
      this.report(rules ?? root, `rules is ${shown(rules)}; use a list of rules`);
      return [];
    }
    if (rules.items.length > MAX_RULES) {
      this.report(rules, `rules has ${rules.items.length} entries; use at most ${MAX_RULES}`);
      return [];
    }
    return rules.items
      .map((item, i) => this.ruleOf(item as Node, `rules[${i}]`))
      .filter((rule) => rule !== undefined);
  }

  private ruleOf(node: Node, path: string): Rule | undefined {
    if (!isMap(node)) {
      this.report(node, `${path} is ${shown(node)}; use a map with principals, allow, deny and shareGroups`);
      return undefined;
    }
    const fields = this.fieldsOf(node, RULE_KEYS, `${path}.`);
    const principals = this.textsOf(fields.get("principals") ?? node, `${path}.principals`, principalProblem);
    if (principals.length === 0 && fields.has("principals"))
      this.report(fields.get("principals"), `${path}.principals is empty; name whom the rule is about`);
    return {
      line: this.lineOf(node),
      principals,
      allow: this.patternsOf(fields.get("allow"), `${path}.allow`),
      deny: this.patternsOf(fields.get("deny"), `${path}.deny`),
      shareGroups: this.textsOf(fields.get("shareGroups"), `${path}.shareGroups`, patternProblem),
    };
  }

  private patternsOf(node: Node | undefined, path: string): PatternsByAction {
    if (node === undefined) return {};
    if (!isMap(node)) {
      this.report(node, `${path} is ${shown(node)}; use a map from actions to lists of topics and patterns`);
      return {};
    }
    const fields = this.fieldsOf(node, ACTIONS, `${path}.`);
    return Object.fromEntries(
      [...fields].map(([action, value]) => [
        action,
        this.textsOf(value, `${path}.${action}`, patternProblem),
      ]),
    );
  }

  private textsOf(
    node: Node | undefined,
    path: string,
    problemOf: (text: string) => string | undefined,
  ): readonly string[] {
    if (node === undefined) return [];
    if (!isSeq(node)) {
      this.report(
        node,
        `${path} is ${isMap(node) ? "missing or no list" : shown(node)}; use a list of texts`,
      );
      return [];
    }
    this.entryCount += node.items.length;
    if (this.entryCount > MAX_ENTRIES) {
      this.report(
        node,
        `the policy has more than ${MAX_ENTRIES} principals and patterns; use patterns that cover more`,
      );
      return [];
    }
    return node.items.flatMap((item, i) => {
      const value = isScalar(item) ? item.value : undefined;
      const problem = typeof value === "string" ? problemOf(value) : "is no text; put it into quotes";
      if (problem === undefined && typeof value === "string") return [value];
      this.report(item as Node, `${path}[${i}] is ${shown(item as Node)}, which ${problem}`);
      return [];
    });
  }

  private fieldsOf(map: YAMLMap, known: readonly string[], path: string): ReadonlyMap<string, Node> {
    const found = new Map<string, Node>();
    for (const { key, value } of map.items as readonly Pair<Node, Node | null>[]) {
      const name = isScalar(key) ? String(key.value) : "?";
      if (!known.includes(name))
        this.report(key, `${path}${excerpt(name)} is unknown; use ${known.join(", ")}`);
      else if (value !== null) found.set(name, value);
    }
    return found;
  }

  private report(node: Node | undefined | null, problem: string): void {
    if (this.problems.length === MAX_PROBLEMS) return;
    this.problems.push(node ? `line ${this.lineOf(node)}: ${problem}` : problem);
  }

  private lineOf(node: Node): number {
    return this.lines.linePos(node.range?.[0] ?? 0).line;
  }
}

function shown(node: Node | undefined | null): string {
  if (!node) return "missing";
  if (isScalar(node)) return typeof node.value === "string" ? quote(node.value) : String(node.value);
  return isSeq(node) ? "a list" : isMap(node) ? "a map" : "an alias";
}

function principalProblem(name: string): string | undefined {
  if (name === "*" || name === "anonymous") return undefined;
  if (!name.startsWith("group:")) {
    const isSpiffe = name.startsWith("spiffe://");
    // A star stands for a segment, which may be any.
    return idProblem(isSpiffe ? name.replaceAll("/*", "/x") : name, { maySpiffe: isSpiffe });
  }
  const problem = groupsProblem([name.slice("group:".length)]);
  return problem === undefined ? undefined : "names no valid group";
}

function patternProblem(pattern: string): string | undefined {
  return isPattern(pattern) ? undefined : "is no topic or pattern, such as quotes.eu, quotes.* or quotes.>";
}
