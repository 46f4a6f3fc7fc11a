/**
 * One command line of a transcript: a verb, then words and `key=value` options.
 *
 * Every word and option must be read by the verb, so that a misspelt option is an error and not ignored.
 */
export class Command {
  readonly verb: string;
  private readonly words: string[] = [];
  private readonly options = new Map<string, string>();

  constructor(readonly line: string) {
    const [verb, ...rest] = line.trim().split(/\s+/);
    this.verb = verb ?? "";
    for (const part of rest) {
      const option = /^([a-z_A-Z]+)=(.*)$/s.exec(part);
      if (option?.[1] !== undefined && option[2] !== undefined) this.options.set(option[1], option[2]);
      else this.words.push(part);
    }
  }

  /** Takes the next word. Throws if there is none. */
  word(what: string): string {
    const word = this.words.shift();
    if (word === undefined) throw this.mistake(`${what} is missing`);
    return word;
  }

  /** Takes the next word as a number. Throws if there is none. */
  count(what: string): number {
    return this.toNumber(this.word(what), what);
  }

  /** Takes a word at any position. @returns whether it was present. */
  has(word: string): boolean {
    const at = this.words.indexOf(word);
    if (at >= 0) this.words.splice(at, 1);
    return at >= 0;
  }

  /** Takes all words that begin with a sign. @returns them without the sign. */
  signed(sign: "+" | "-"): string[] {
    const found = this.words.filter((word) => word.startsWith(sign));
    for (const word of found) this.has(word);
    return found.map((word) => word.slice(1));
  }

  /** Takes an option's text. */
  text(key: string): string | undefined {
    const value = this.options.get(key);
    this.options.delete(key);
    return value;
  }

  /** Takes an option's number. */
  number(key: string): number | undefined {
    const value = this.text(key);
    return value === undefined ? undefined : this.toNumber(value, key);
  }

  /** Takes an option's list. */
  list(key: string): string[] {
    const value = this.text(key);
    return value === undefined || value === "" ? [] : value.split(",");
  }

  /** Takes all remaining options as numbers. */
  numbers(): Record<string, number> {
    const all = Object.fromEntries([...this.options].map(([key, value]) => [key, this.toNumber(value, key)]));
    this.options.clear();
    return all;
  }

  /** An error about this line. */
  mistake(text: string): Error {
    return new Error(`${text}, in "${this.line}"`);
  }

  /** Throws if a word or option was not read. */
  finish(): void {
    const left = [...this.words, ...this.options.keys()];
    if (left.length > 0) throw this.mistake(`"${left.join(" ")}" is not known`);
  }

  private toNumber(text: string, what: string): number {
    const value = Number(text);
    if (Number.isNaN(value)) throw this.mistake(`${what} is not a number`);
    return value;
  }
}
