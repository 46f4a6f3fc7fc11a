/** An invariant is broken: a bug in this package, never a peer's mistake. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}
