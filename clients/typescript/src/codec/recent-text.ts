const NO_BYTES = new Uint8Array();

/**
 * Caches the last string of a field. If the next one has the same bytes, as it mostly does, no string is created.
 */
export class RecentText {
  #text = "";
  /** The bytes of the last string. Comparing bytes is faster than comparing with the characters of a string. */
  #bytes = NO_BYTES;

  /** Reads the UTF-8 string in `bytes[begin, end)`. Malformed bytes become U+FFFD. */
  read(bytes: Buffer, begin: number, end: number): string {
    if (!this.matches(bytes, begin, end))
      this.remember(bytes.toString("utf8", begin, end), bytes, begin, end);
    return this.#text;
  }

  /** The last string. */
  get text(): string {
    return this.#text;
  }

  /** Stores `text`, which must be the string in `bytes[begin, end)`, as the last string. */
  remember(text: string, bytes: Uint8Array, begin: number, end: number): void {
    this.#text = text;
    if (this.#bytes.length !== end - begin) this.#bytes = new Uint8Array(end - begin);
    for (let i = begin; i < end; i++) this.#bytes[i - begin] = bytes[i] as number;
  }

  /** Whether `bytes[begin, end)` holds the last string. */
  matches(bytes: Uint8Array, begin: number, end: number): boolean {
    const last = this.#bytes;
    const { length } = last;
    if (length !== end - begin) return false;
    for (let i = 0; i < length; i++) {
      if (last[i] !== bytes[begin + i]) return false;
    }
    return true;
  }
}
