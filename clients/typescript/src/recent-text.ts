/** Reads texts of which the next is mostly the same as the last, without making it anew. */
export class RecentText {
  #text = "";

  /** The text in `bytes[begin, end)`, in UTF-8; what is malformed in it becomes U+FFFD. */
  read(bytes: Buffer, begin: number, end: number): string {
    if (!this.isThere(bytes, begin, end)) this.#text = bytes.toString("utf8", begin, end);
    return this.#text;
  }

  /** The last one. */
  get text(): string {
    return this.#text;
  }

  /** Lets `text` be the last one. */
  remember(text: string): void {
    this.#text = text;
  }

  /** Whether `bytes[begin, end)` is the last one again; always false for what is not ASCII. */
  isThere(bytes: Uint8Array, begin: number, end: number): boolean {
    // Compares code units with bytes, which are only ever the same in ASCII, where both mean the same.
    const text = this.#text;
    if (text.length !== end - begin) return false;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      if (unit !== bytes[begin + i] || unit > 0x7f) return false;
    }
    return true;
  }
}
