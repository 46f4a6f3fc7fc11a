const NO_BYTES = new Uint8Array();

/** Reads texts of which the next is mostly the same as the last, without making it anew. */
export class RecentText {
  #text = "";
  /** The bytes it was read from: they are compared faster than a text is asked for its characters. */
  #bytes = NO_BYTES;

  /** The text in `bytes[begin, end)`, in UTF-8; what is malformed in it becomes U+FFFD. */
  read(bytes: Buffer, begin: number, end: number): string {
    if (!this.isThere(bytes, begin, end))
      this.remember(bytes.toString("utf8", begin, end), bytes, begin, end);
    return this.#text;
  }

  /** The last one. */
  get text(): string {
    return this.#text;
  }

  /** Lets `text`, which is that of `bytes[begin, end)`, be the last one. */
  remember(text: string, bytes: Uint8Array, begin: number, end: number): void {
    this.#text = text;
    if (this.#bytes.length !== end - begin) this.#bytes = new Uint8Array(end - begin);
    for (let i = begin; i < end; i++) this.#bytes[i - begin] = bytes[i] as number;
  }

  /** Whether `bytes[begin, end)` is the last one again. */
  isThere(bytes: Uint8Array, begin: number, end: number): boolean {
    const last = this.#bytes;
    const { length } = last;
    if (length !== end - begin) return false;
    for (let i = 0; i < length; i++) {
      if (last[i] !== bytes[begin + i]) return false;
    }
    return true;
  }
}
