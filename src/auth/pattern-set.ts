/**
 * Topic patterns of rules. A topic is looked up token by token, however many patterns there are: a policy may have thousands,
 * and every request is looked up.
 */
import { contains, hasWildcard, overlap } from "../core/vocabulary/topic.js";

interface Node {
  readonly children: Map<string, Node>;
  /** Whether a pattern ends here, and whether one goes on with `>`. */
  ends: boolean;
  goesOn: boolean;
}

/** A set of topics and patterns. */
export class PatternSet {
  private readonly root = newNode();
  private readonly all: readonly string[];

  constructor(patterns: Iterable<string>) {
    this.all = [...new Set(patterns)];
    for (const pattern of this.all) this.add(pattern);
  }

  /** Number of patterns. */
  get size(): number {
    return this.all.length;
  }

  /** Whether one of the patterns covers all that a topic or pattern covers. */
  contains(pattern: string): boolean {
    if (this.all.length === 0) return false;
    return hasWildcard(pattern)
      ? this.all.some((one) => contains(one, pattern))
      : covers(this.root, pattern.split("."), 0);
  }

  /** Whether one of the patterns covers a topic that this topic or pattern covers as well. */
  intersects(pattern: string): boolean {
    if (this.all.length === 0) return false;
    return hasWildcard(pattern)
      ? this.all.some((one) => overlap(one, pattern))
      : covers(this.root, pattern.split("."), 0);
  }

  private add(pattern: string): void {
    let node = this.root;
    for (const token of pattern.split(".")) {
      if (token === ">") {
        node.goesOn = true;
        return;
      }
      const next = node.children.get(token) ?? newNode();
      node.children.set(token, next);
      node = next;
    }
    node.ends = true;
  }
}

function newNode(): Node {
  return { children: new Map(), ends: false, goesOn: false };
}

/** Visits two nodes for each token at most; patterns have at most four stars, so no more than sixteen at a time. */
function covers(node: Node, tokens: readonly string[], at: number): boolean {
  const token = tokens[at];
  if (token === undefined) return node.ends;
  if (node.goesOn) return true;
  const [exact, any] = [node.children.get(token), node.children.get("*")];
  return (
    (exact !== undefined && covers(exact, tokens, at + 1)) ||
    (any !== undefined && covers(any, tokens, at + 1))
  );
}
