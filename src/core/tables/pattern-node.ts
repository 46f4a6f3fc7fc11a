import { Members } from "./members.js";

/** Maximum number of children in a list; more are in a map. A list is searched from its beginning. */
const MAX_LISTED = 8;
/** A map with as few children becomes a list again; less than the maximum, so that a child at the border does not switch. */
const MIN_MAPPED = 4;

const DOT = 0x2e;
const STAR = 0x2a;
const REST = 0x3e;

/** What is done with the patterns that cover a topic. */
export interface PatternVisit<M, V> {
  readonly onPattern: (members: Members<M, V>) => void;
  /** Whether no further pattern is to be visited. */
  readonly isDone: boolean;
}

/**
 * One node of a {@link PatternTree}: a run of tokens, and the members of the pattern that ends with them.
 *
 * The tokens of a node are no strings of its own, but a part of the text of a registered pattern: they begin where the
 * tokens of its parent end.
 */
export class PatternNode<M, V> extends Members<M, V> {
  /** The first child of a list, or all children by their first token. */
  private children: PatternNode<M, V> | Map<string, PatternNode<M, V>> | undefined = undefined;
  /** The next child of the parent, if the parent has a list. */
  private next: PatternNode<M, V> | undefined = undefined;

  /**
   * @param pattern - a pattern that ends at this node or below, or did so. It is that of the node itself if the node has
   * members, and else that of one of its children, unless these are in a map: to find another one in a map from which
   * many were removed takes as long as there were children. So a node with a map may keep one text of a removed pattern.
   * @param end - position in the pattern after the node's last token; -1 for the root, which has no token.
   */
  constructor(
    public pattern: string,
    readonly end: number,
  ) {
    super();
  }

  /** Position in the pattern of each child at which its first token begins. */
  get childStart(): number {
    return this.end + 1;
  }

  /** Whether the node has no children. */
  get isLeaf(): boolean {
    return this.children === undefined;
  }

  /** One of the children of a list; undefined for a leaf, and for a node with a map. */
  get listedChild(): PatternNode<M, V> | undefined {
    const { children } = this;
    return children instanceof Map ? undefined : children;
  }

  /** The only child; undefined if there are several children or none. */
  get onlyChild(): PatternNode<M, V> | undefined {
    const { children } = this;
    return children instanceof Map || children?.next ? undefined : children;
  }

  /** The child whose first token is this one; `*` and `>` are found as the tokens that they are. */
  child(token: string): PatternNode<M, V> | undefined {
    const { children } = this;
    if (children instanceof Map) return children.get(token);
    for (let child = children; child; child = child.next) {
      if (hasToken(child.pattern, this.childStart, token)) return child;
    }
    return undefined;
  }

  /** Adds a child with a first token that no other child has. */
  attach(child: PatternNode<M, V>): void {
    if (this.children instanceof Map) {
      this.children.set(tokenAt(child.pattern, this.childStart), child);
      return;
    }
    child.next = this.children;
    this.children = child;
    const listed = this.listed();
    if (listed.length > MAX_LISTED) this.children = this.mapOf(listed);
  }

  /** Removes a child. */
  detach(child: PatternNode<M, V>): void {
    const { children } = this;
    if (children instanceof Map) {
      children.delete(tokenAt(child.pattern, this.childStart));
      if (children.size <= MIN_MAPPED) this.list([...children.values()]);
    } else {
      this.list(this.listed().filter((one) => one !== child));
    }
    child.next = undefined;
  }

  /**
   * Visits the members of every pattern below this node that covers a topic: of those below the child with the topic's
   * own token, then of those below the one with `*`, then of the one with `>`.
   *
   * @param depth - number of the topic's tokens that this node and those above it match.
   * @returns the number of nodes that were looked at; no node is looked at twice.
   */
  visit(tokens: readonly string[], depth: number, visit: PatternVisit<M, V>): number {
    const { children } = this;
    const token = tokens[depth];
    if (children === undefined || token === undefined) return 0;
    const start = this.childStart;
    let own: PatternNode<M, V> | undefined;
    let any: PatternNode<M, V> | undefined;
    let rest: PatternNode<M, V> | undefined;
    if (children instanceof Map) {
      own = children.get(token);
      any = children.get("*");
      rest = children.get(">");
    } else {
      // One pass over the list, because a search for each of the three takes half as long again.
      for (let child: PatternNode<M, V> | undefined = children; child; child = child.next) {
        const first = child.pattern.charCodeAt(start);
        if (first === STAR) any = child;
        else if (first === REST) rest = child;
        else if (hasToken(child.pattern, start, token)) own = child;
      }
    }
    let visited = 0;
    if (own) visited += own.visitFrom(start + token.length + 1, tokens, depth + 1, visit);
    if (any && !visit.isDone) visited += any.visitFrom(start + 2, tokens, depth + 1, visit);
    if (rest && !visit.isDone) visited += rest.visitFrom(start, tokens, depth, visit);
    return visited;
  }

  /** Visits this node and those below it; its tokens before a position of the pattern are matched already. */
  private visitFrom(
    start: number,
    tokens: readonly string[],
    depth: number,
    visit: PatternVisit<M, V>,
  ): number {
    const reached = depthAfter(this.pattern, start, this.end, tokens, depth);
    if (reached === undefined) return 1;
    if (reached < tokens.length) return 1 + this.visit(tokens, reached, visit);
    if (this.memberCount > 0) visit.onPattern(this);
    return 1;
  }

  private listed(): PatternNode<M, V>[] {
    const listed: PatternNode<M, V>[] = [];
    if (this.children instanceof Map) return listed;
    for (let child = this.children; child; child = child.next) listed.push(child);
    return listed;
  }

  private list(children: readonly PatternNode<M, V>[]): void {
    this.children = undefined;
    for (const child of children) {
      child.next = this.children;
      this.children = child;
    }
  }

  private mapOf(children: readonly PatternNode<M, V>[]): Map<string, PatternNode<M, V>> {
    for (const child of children) child.next = undefined;
    return new Map(children.map((child) => [tokenAt(child.pattern, this.childStart), child]));
  }
}

/** Whether this token begins at a position of a pattern. */
function hasToken(pattern: string, at: number, token: string): boolean {
  const end = at + token.length;
  return pattern.startsWith(token, at) && (end === pattern.length || pattern.charCodeAt(end) === DOT);
}

/** The token that begins at a position of a pattern. */
export function tokenAt(pattern: string, at: number): string {
  const end = pattern.indexOf(".", at);
  return end < 0 ? pattern.slice(at) : pattern.slice(at, end);
}

/**
 * Matches the tokens of a pattern between two positions with those of a topic.
 *
 * @returns the number of the topic's tokens that are matched then; undefined if the tokens differ.
 */
function depthAfter(
  pattern: string,
  start: number,
  end: number,
  tokens: readonly string[],
  depth: number,
): number | undefined {
  let matched = depth;
  for (let at = start; at < end; matched++) {
    const token = tokens[matched];
    if (token === undefined) return undefined;
    const first = pattern.charCodeAt(at);
    if (first === REST) return tokens.length;
    if (first === STAR) at += 2;
    else if (hasToken(pattern, at, token)) at += token.length + 1;
    else return undefined;
  }
  return matched;
}
