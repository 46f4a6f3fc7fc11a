/**
 * A configuration that cannot be used: every mistake in it, one line each.
 *
 * Each line names the source, the key, the value and what would be right.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  /** @param problems - one line each, at least one. */
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
  }
}
