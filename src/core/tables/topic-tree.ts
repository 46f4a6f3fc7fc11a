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

  /** Whether a member registered this exact topic; wildcards do not count. */
  hasExact(topic: string): boolean {
    return this.exact.has(topic);
  }

  /** Whether a registration of this member covers a topic. */
  covers(member: M, topic: string): boolean {
    if (this.exact.get(topic)?.hasMember(member)) return true;
    let isCovered = false;
    this.patterns.visit(topic, (members) => {
      isCovered ||= members.hasMember(member);
    });
    return isCovered;
  }

  /** Whether any registration covers a topic. */
  hasMatch(topic: string): boolean {
    return this.exact.has(topic) || this.patterns.covers(topic);
  }

  /**
   * Finds all members whose registrations cover a topic, each once: with the value of the exact registration if there
   * is one, else of the first pattern found. Read the result before the next change: without patterns it is no copy.
   */
  match(topic: string): ReadonlyMap<M, V> {
    const exact = this.exact.get(topic)?.toMap();
    if (this.patterns.size === 0) return exact ?? new Map();
    const found = new Map<M, V>(exact);
    this.patterns.visit(topic, (members) => {
      members.visitMembers((member, value) => {
        if (!found.has(member)) found.set(member, value);
      });
    });
    return found;
  }

  /** Visits every registration that covers a topic: first the exact ones, then those with a wildcard. */
  visit(topic: string, onRegistration: (member: M, value: V) => void): void {
    this.exact.get(topic)?.visitMembers(onRegistration);
    if (this.patterns.size > 0) this.patterns.visit(topic, (members) => members.visitMembers(onRegistration));
  }

  /** Number of members that registered this exact topic; wildcards do not count. */
  countExact(topic: string): number {
    return this.exact.get(topic)?.memberCount ?? 0;
  }

  /** Number of distinct topics and patterns with a registration. */
  get size(): number {
    return this.exact.size + this.patterns.size;
  }
}
