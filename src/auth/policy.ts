/**
 * What principals may do: the rules of a policy, compiled for each principal.
 */
import type { Action, Principal, Rights } from "../core/vocabulary/principal.js";
import { type Refusal, refusal } from "../core/vocabulary/reason.js";
import { contains, isPattern, overlap } from "../core/vocabulary/topic.js";
import { PatternSet } from "./pattern-set.js";

/** Every action, in the order of the documentation. */
export const ACTIONS: readonly Action[] = ["request", "produce", "listen", "introspect", "administer"];

/** Patterns by action. */
export type PatternsByAction = Readonly<Partial<Record<Action, readonly string[]>>>;

/** One rule of a policy. */
export interface Rule {
  /** Its line in the file, from 1. */
  readonly line: number;
  /**
   * Whom it is about: an id, `group:` and a group, `*` for everybody who authenticated, `anonymous`, or a SPIFFE id in which
   * `*` stands for one segment.
   */
  readonly principals: readonly string[];
  readonly allow: PatternsByAction;
  readonly deny: PatternsByAction;
  /** Patterns on which groups are shared with other principals. */
  readonly shareGroups: readonly string[];
}

/** Why something is allowed or not. */
export interface Decision {
  readonly isAllowed: boolean;
  /** The rule that decided, and its pattern; undefined if no rule allows it. */
  readonly by: { readonly rule: Rule; readonly pattern: string } | undefined;
}

/** Rights that are kept compiled, by the rules that apply to a principal. A policy has few such sets of rules. */
const MAX_COMPILED = 1_000;

/** A policy. */
export class Policy {
  private readonly compiled = new Map<string, Rights>();
  private readonly byPrincipal = new WeakMap<Principal, Rights>();

  constructor(readonly rules: readonly Rule[]) {}

  /** What a principal may do. */
  rightsOf(principal: Principal): Rights {
    const known = this.byPrincipal.get(principal);
    if (known) return known;
    const rules = this.rules.filter((rule) => appliesTo(rule, principal));
    const key = rules.map(({ line }) => line).join(" ");
    const rights = this.compiled.get(key) ?? new CompiledRights(rules);
    if (this.compiled.size >= MAX_COMPILED) this.compiled.clear();
    this.compiled.set(key, rights);
    this.byPrincipal.set(principal, rights);
    return rights;
  }

  /** Explains whether a principal may do something on a topic or pattern. */
  explain(principal: Principal, action: Action, pattern: string): Decision {
    const rules = this.rules.filter((rule) => appliesTo(rule, principal));
    for (const rule of rules) {
      const denied = rule.deny[action]?.find((one) => overlap(one, pattern));
      if (denied !== undefined) return { isAllowed: false, by: { rule, pattern: denied } };
    }
    for (const rule of rules) {
      const allowed = rule.allow[action]?.find((one) => contains(one, pattern));
      if (allowed !== undefined) return { isAllowed: true, by: { rule, pattern: allowed } };
    }
    return { isAllowed: false, by: undefined };
  }
}

/** The rights that a set of rules gives. */
class CompiledRights implements Rights {
  private readonly allowed: Readonly<Record<Action, PatternSet>>;
  private readonly denied: Readonly<Record<Action, PatternSet>>;
  private readonly shared: PatternSet;

  constructor(rules: readonly Rule[]) {
    const setOf = (kind: "allow" | "deny") => (action: Action) =>
      new PatternSet(rules.flatMap((rule) => rule[kind][action] ?? []));
    this.allowed = byAction(setOf("allow"));
    this.denied = byAction(setOf("deny"));
    this.shared = new PatternSet(rules.flatMap(({ shareGroups }) => shareGroups));
  }

  refusalOf(action: Action, pattern: string): Refusal | undefined {
    if (this.allowed[action].contains(pattern) && !this.denied[action].intersects(pattern)) return undefined;
    // The core says what is wrong with it, whoever sent it.
    if (!isPattern(pattern)) return undefined;
    const message = `the policy does not allow ${action} on ${pattern}; ask for a rule that does`;
    return refusal("NOT_ALLOWED", message, { action, topic: pattern });
  }

  allowsAny(action: Action): boolean {
    return this.allowed[action].size > 0;
  }

  sharesGroupOn(pattern: string): boolean {
    return this.shared.contains(pattern);
  }
}

function byAction<T>(of: (action: Action) => T): Readonly<Record<Action, T>> {
  return {
    request: of("request"),
    produce: of("produce"),
    listen: of("listen"),
    introspect: of("introspect"),
    administer: of("administer"),
  };
}

function appliesTo({ principals }: Rule, { id, source, groups }: Principal): boolean {
  return principals.some((name) => {
    if (source === "anonymous") return name === "anonymous";
    if (name === "*") return true;
    if (name.startsWith("group:")) return groups.includes(name.slice("group:".length));
    return name.startsWith("spiffe://") && name.includes("*") ? matchesSegments(name, id) : name === id;
  });
}

/** Whether a SPIFFE id matches a pattern in which `*` stands for one segment. */
function matchesSegments(pattern: string, id: string): boolean {
  const [expected, given] = [pattern.split("/"), id.split("/")];
  return expected.length === given.length && expected.every((one, i) => one === "*" || one === given[i]);
}
