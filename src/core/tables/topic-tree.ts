/**
 * An index of registrations: members by exact topic in a map, and by wildcard pattern in a tree of tokens.
 */
import { hasWildcard } from "../vocabulary/topic.js";

interface Node<M, V> {
  readonly children: Map<string, Node<M, V>>;
  readonly members: Map<M, V>;
}

/** Members, registered for topics and patterns with a value each. Names must be valid patterns; see `topic.ts`. */
export class TopicTree<M, V> {
  private readonly exact = new Map<string, Map<M, V>>();
  private readonly root: Node<M, V> = newNode();
  private patternCount = 0;

  /** Registers a member; a second registration for the same name replaces the value. */
  add(pattern: string, member: M, value: V): void {
    if (hasWildcard(pattern)) {
      let node = this.root;
      for (const token of pattern.split(".")) node = getOrMake(node.children, token, newNode<M, V>);
      if (node.members.size === 0) this.patternCount++;
      node.members.set(member, value);
    } else {
      getOrMake(this.exact, pattern, () => new Map<M, V>()).set(member, value);
    }
  }

  /** Removes a registration; does nothing if it does not exist. */
  remove(pattern: string, member: M): void {
    if (hasWildcard(pattern)) {
      if (prune(this.root, pattern.split("."), 0, member)) this.patternCount--;
      return;
    }
    const members = this.exact.get(pattern);
    if (members?.delete(member) && members.size === 0) this.exact.delete(pattern);
  }

  /** Whether a member registered this exact topic; wildcards do not count. */
  hasExact(topic: string): boolean {
    return this.exact.has(topic);
  }

  /**
   * Finds all members whose registrations cover a topic, each once: with the value of the exact registration if there
   * is one, else of the first pattern found. Read the result before the next change: without patterns it is no copy.
   */
  match(topic: string): ReadonlyMap<M, V> {
    const exact = this.exact.get(topic);
    if (this.root.children.size === 0) return exact ?? new Map();
    const found = new Map<M, V>(exact);
    visit(this.root, topic.split("."), 0, (member, value) => {
      if (!found.has(member)) found.set(member, value);
    });
    return found;
  }

  /** Visits every registration that covers a topic: first the exact ones, then those with a wildcard. */
  visit(topic: string, onRegistration: (member: M, value: V) => void): void {
    for (const [member, value] of this.exact.get(topic) ?? []) onRegistration(member, value);
    if (this.root.children.size > 0) visit(this.root, topic.split("."), 0, onRegistration);
  }

  /** Number of members that registered this exact topic; wildcards do not count. */
  countExact(topic: string): number {
    return this.exact.get(topic)?.size ?? 0;
  }

  /** Number of distinct topics and patterns with a registration. */
  get size(): number {
    return this.exact.size + this.patternCount;
  }
}

function newNode<M, V>(): Node<M, V> {
  return { children: new Map(), members: new Map() };
}

function getOrMake<K, T>(map: Map<K, T>, key: K, make: () => T): T {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** Removes a registration and empty nodes. @returns whether the member was the last one of the pattern. */
function prune<M, V>(node: Node<M, V>, tokens: readonly string[], depth: number, member: M): boolean {
  const token = tokens[depth];
  if (token === undefined) return node.members.delete(member) && node.members.size === 0;
  const child = node.children.get(token);
  if (!child) return false;
  const isEmptied = prune(child, tokens, depth + 1, member);
  if (child.members.size === 0 && child.children.size === 0) node.children.delete(token);
  return isEmptied;
}

function visit<M, V>(
  node: Node<M, V>,
  tokens: readonly string[],
  depth: number,
  onRegistration: (member: M, value: V) => void,
): void {
  const token = tokens[depth];
  if (token === undefined) {
    for (const [member, value] of node.members) onRegistration(member, value);
    return;
  }
  const rest = node.children.get(">");
  const literal = node.children.get(token);
  const any = node.children.get("*");
  if (literal) visit(literal, tokens, depth + 1, onRegistration);
  if (any) visit(any, tokens, depth + 1, onRegistration);
  if (rest) visit(rest, tokens, tokens.length, onRegistration);
}
