/**
 * Who registered what: members by exact topic, and by wildcard pattern in a tree of tokens.
 */
import { hasWildcard } from "../vocabulary/topic.js";

interface Node<M, V> {
  readonly children: Map<string, Node<M, V>>;
  readonly members: Map<M, V>;
}

/** Members with a value each, registered under topics and patterns. Names are valid patterns; see `topic.ts`. */
export class TopicTree<M, V> {
  private readonly exact = new Map<string, Map<M, V>>();
  private readonly root: Node<M, V> = newNode();
  private patternCount = 0;

  /** Registers a member; a second registration under the same name replaces the value. */
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

  /** Takes a registration back; one that is not there is ignored. */
  remove(pattern: string, member: M): void {
    if (hasWildcard(pattern)) {
      if (prune(this.root, pattern.split("."), 0, member)) this.patternCount--;
      return;
    }
    const members = this.exact.get(pattern);
    if (members?.delete(member) && members.size === 0) this.exact.delete(pattern);
  }

  /** Whether anybody registered this very topic, wildcards aside. */
  hasExact(topic: string): boolean {
    return this.exact.has(topic);
  }

  /**
   * Finds everybody whose registrations cover a topic, each once: with the value of the exact registration if there is
   * one, else of the first pattern found. To be read before anybody comes or goes: without patterns nothing is copied.
   */
  match(topic: string): ReadonlyMap<M, V> {
    const exact = this.exact.get(topic);
    if (this.root.children.size === 0) return exact ?? new Map();
    const found = new Map<M, V>(exact);
    collect(this.root, topic.split("."), 0, found);
    return found;
  }

  /** How many registered this very topic, wildcards aside. */
  countExact(topic: string): number {
    return this.exact.get(topic)?.size ?? 0;
  }

  /** How many names are held; 0 when everybody has left. */
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

/** @returns whether the member was the last one of the name. */
function prune<M, V>(node: Node<M, V>, tokens: readonly string[], depth: number, member: M): boolean {
  const token = tokens[depth];
  if (token === undefined) return node.members.delete(member) && node.members.size === 0;
  const child = node.children.get(token);
  if (!child) return false;
  const isEmptied = prune(child, tokens, depth + 1, member);
  if (child.members.size === 0 && child.children.size === 0) node.children.delete(token);
  return isEmptied;
}

function collect<M, V>(node: Node<M, V>, tokens: readonly string[], depth: number, found: Map<M, V>): void {
  const token = tokens[depth];
  if (token === undefined) {
    for (const [member, value] of node.members) if (!found.has(member)) found.set(member, value);
    return;
  }
  const rest = node.children.get(">");
  const literal = node.children.get(token);
  const any = node.children.get("*");
  if (literal) collect(literal, tokens, depth + 1, found);
  if (any) collect(any, tokens, depth + 1, found);
  if (rest) collect(rest, tokens, tokens.length, found);
}
