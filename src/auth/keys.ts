import type { KeySet } from "./key-set.js";

/** The keys of an issuer, as they are now. */
export interface Keys {
  /** The keys; undefined if there are none that may be used. */
  readonly current: KeySet | undefined;
  /** Waits for keys that differ from these; undefined if there are none within seconds. It never rejects. */
  newer(than: KeySet | undefined): Promise<KeySet | undefined>;
}

/** Keys that somebody replaces, such as those in a file. */
export class ReplacedKeys implements Keys {
  current: KeySet | undefined = undefined;

  async newer(): Promise<undefined> {}
}
