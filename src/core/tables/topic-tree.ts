/**
 * An index of registrations: members by exact topic in a map, and by wildcard pattern in a tree.
 */
import { hasWildcard } from "../vocabulary/topic.js";
import { Members } from "./members.js";
import { PatternTree } from "./pattern-tree.js";

/** Members, registered for topics and patterns with a value each. Names must be valid patterns; see `topic.ts`. */
export class TopicTree<M, V> {
  private readonly exact = new Map<string, Members<M, V>>();
  private readonly patterns = new PatternTree<M, V>();

  /**
   * Registers a member; a second registration for the same name replaces the value.
   *
   * @returns the name as it is held here: an equal text, which was perhaps given earlier. A caller that keeps the name
   * keeps this one, so that the text is in memory once.
   */
  add(pattern: string, member: M, value: V): string {
    if (hasWildcard(pattern)) return this.patterns.add(pattern, member, value);
    const members = this.exact.get(pattern);
    if (members) {
      members.setMember(member, value);
      return pattern;
    }
    const fresh = new Members<M, V>();
    fresh.setMember(member, value);
    this.exact.set(pattern, fresh);
    return pattern;
  }

  /** Removes a registration; does nothing if it does not exist. */
  remove(pattern: string, member: M): void {
    if (hasWildcard(pattern)) {
      this.patterns.remove(pattern, member);
      return;
    }
    const members = this.exact.get(pattern);
    if (members?.deleteMember(member) && members.memberCount === 0) this.exact.delete(pattern);
  }

  /** The value of a member's registration; undefined if it does not exist. */
  get(pattern: string, member: M): V | undefined {
    return hasWildcard(pattern)
      ? this.patterns.get(pattern, member)
      : this.exact.get(pattern)?.memberValue(member);
  }

  /** Whether a member registered this exact topic; wildcards do not count. */
  hasExact(topic: string): boolean {
    return this.exact.has(topic);
  }

  /** Whether any registration covers a topic. */
  hasMatch(topic: string): boolean {
    return this.exact.has(topic) || this.patterns.covers(topic);
  }

  /** Whether a registration with a wildcard covers a topic. Ends at the first one found. */
  hasWildcardOn(topic: string): boolean {
    return this.patterns.covers(topic);
  }

  /** Visits every registration that covers a topic: first the exact ones, then those with a wildcard. */
  visit(topic: string, onRegistration: (member: M, value: V) => void): void {
    this.exact.get(topic)?.visitMembers(onRegistration);
    if (this.patterns.size > 0) this.patterns.visit(topic, (members) => members.visitMembers(onRegistration));
  }

  /** Number of nodes of patterns that were visited, in all searches for a topic. */
  get visitedCount(): number {
    return this.patterns.visitedCount;
  }

  /** Number of distinct topics and patterns with a registration. */
  get size(): number {
    return this.exact.size + this.patterns.size;
  }
}
