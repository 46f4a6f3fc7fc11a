/** A bug in this package: something that must hold does not. Never a peer's mistake. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}
