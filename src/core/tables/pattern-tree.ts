/**
 * Registrations for patterns, in a path-compressed tree of tokens.
 *
 * The natural way is a node per token, with a map of children and a map of members. But a pattern of 16 tokens that
 * shares none with others then took 6.5 KB, and one of 127 tokens 52 KB. Here a node spans all tokens up to the place
 * where patterns part. So n patterns have at most 2n nodes, of 80 bytes and a map entry each.
 */
import type { Members } from "./members.js";
import { PatternNode, tokenAt } from "./pattern-node.js";

const DOT = 0x2e;

/** Members, registered for patterns with a value each. Patterns must be valid; see `topic.ts`. */
export class PatternTree<M, V> {
  private readonly root = new PatternNode<M, V>("", -1);
  private patterns = 0;
  private nodes = 0;
  /** Number of nodes that {@link visit} and {@link covers} have looked at, in all calls. */
  visitedCount = 0;

  /** Number of distinct patterns with a registration. */
  get size(): number {
    return this.patterns;
  }

  /** Number of nodes; at most two for each pattern. */
  get nodeCount(): number {
    return this.nodes;
  }

  /** The value of a member's registration; undefined if it does not exist. */
  get(pattern: string, member: M): V | undefined {
    let node = this.root;
    while (node.end < pattern.length) {
      const child = node.child(tokenAt(pattern, node.childStart));
      if (!child || endOfCommonTokens(child, pattern, node.childStart) !== child.end) return undefined;
      node = child;
    }
    return node.memberValue(member);
  }

  /** Registers a member; a second registration for the same pattern replaces the value. @returns the text that is held. */
  add(pattern: string, member: M, value: V): string {
    const node = this.open(pattern);
    if (node.memberCount === 0) this.patterns++;
    node.setMember(member, value);
    return node.pattern;
  }

  /** Removes a registration; does nothing if it does not exist. */
  remove(pattern: string, member: M): void {
    this.removeBelow(this.root, pattern, member);
  }

  /**
   * Visits the members of every pattern that covers a topic. Where patterns part, those with the topic's own token come
   * first, then those with `*`, then those with `>`.
   *
   * @returns the number of nodes that were looked at; no node is looked at twice.
   */
  visit(topic: string, onPattern: (members: Members<M, V>) => void): number {
    if (this.root.isLeaf) return 0;
    const visited = this.root.visit(topic.split("."), 0, { isDone: false, onPattern });
    this.visitedCount += visited;
    return visited;
  }

  /** Whether a registered pattern covers a topic. Ends at the first one found. */
  covers(topic: string): boolean {
    if (this.root.isLeaf) return false;
    const visit = {
      isDone: false,
      onPattern: () => {
        visit.isDone = true;
      },
    };
    this.visitedCount += this.root.visit(topic.split("."), 0, visit);
    return visit.isDone;
  }

  /** The node of a pattern, created if there is none. */
  private open(pattern: string): PatternNode<M, V> {
    let parent = this.root;
    let node = parent;
    while (node.end < pattern.length) {
      parent = node;
      const child = parent.child(tokenAt(pattern, parent.childStart));
      node = child ? this.reach(parent, child, pattern) : this.attachNew(parent, pattern, pattern.length);
    }
    // A node without members has the text of a pattern below it; the text of its own pattern is the one to share.
    if (node.memberCount === 0) rename(parent, node, pattern);
    return node;
  }

  /** The child as far as the pattern goes along with it: itself, or a node that divides it. */
  private reach(parent: PatternNode<M, V>, child: PatternNode<M, V>, pattern: string): PatternNode<M, V> {
    const end = endOfCommonTokens(child, pattern, parent.childStart);
    if (end === child.end) return child;
    parent.detach(child);
    const divide = this.attachNew(parent, child.pattern, end);
    divide.attach(child);
    return divide;
  }

  private attachNew(parent: PatternNode<M, V>, pattern: string, end: number): PatternNode<M, V> {
    const node = new PatternNode<M, V>(pattern, end);
    parent.attach(node);
    this.nodes++;
    return node;
  }

  /** @returns whether the pattern lost its last member. */
  private removeBelow(parent: PatternNode<M, V>, pattern: string, member: M): boolean {
    const child = parent.child(tokenAt(pattern, parent.childStart));
    if (!child || endOfCommonTokens(child, pattern, parent.childStart) !== child.end) return false;
    const isLast =
      child.end < pattern.length
        ? this.removeBelow(child, pattern, member)
        : child.deleteMember(member) && child.memberCount === 0;
    if (isLast) this.tidy(parent, child);
    if (isLast && parent === this.root) this.patterns--;
    return isLast;
  }

  /** Removes a node that has no purpose any more, or makes it independent of the text of a removed pattern. */
  private tidy(parent: PatternNode<M, V>, node: PatternNode<M, V>): void {
    const heir = node.onlyChild;
    const isSpare = node.memberCount === 0 && (node.isLeaf || heir);
    if (!isSpare) {
      const named = node.memberCount > 0 ? node : (node.listedChild ?? node);
      rename(parent, node, named.pattern);
      return;
    }
    parent.detach(node);
    this.nodes--;
    if (!heir) return;
    node.detach(heir);
    parent.attach(heir);
  }
}

/** Gives a node the text of another pattern with the same tokens up to its end, so that the earlier one can be freed. */
function rename<M, V>(parent: PatternNode<M, V>, node: PatternNode<M, V>, pattern: string): void {
  if (node.pattern === pattern) return;
  // The parent may hold a part of the earlier text as a key.
  parent.detach(node);
  node.pattern = pattern;
  parent.attach(node);
}

/** Position after the last of the tokens that a node and a pattern have in common, from a position of both. */
function endOfCommonTokens<M, V>(node: PatternNode<M, V>, pattern: string, start: number): number {
  let end = start - 1;
  for (let at = start; ; at++) {
    const one = at === node.end ? DOT : node.pattern.charCodeAt(at);
    const other = at === pattern.length ? DOT : pattern.charCodeAt(at);
    if (one !== other) return end;
    if (one === DOT) end = at;
    if (at === node.end || at === pattern.length) return end;
  }
}
