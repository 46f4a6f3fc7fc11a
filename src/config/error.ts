/**
 * The configuration is invalid. Lists every mistake, one per line.
 *
 * Each line names the source, the key and its value, and says which values are valid.
 */
export class ConfigError extends Error {
  override readonly name = "ConfigError";

  /** @param problems - the mistakes; at least one. */
  constructor(readonly problems: readonly string[]) {
    super(problems.join("\n"));
  }
}
