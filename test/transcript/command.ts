/**
 * One command line of a transcript: a verb, then words, of which some are `key=value` options.
 *
 * Whatever a verb does not ask for is a mistake, so that a misspelt option fails instead of meaning nothing.
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

  /** Takes the next word that must be there. */
  word(what: string): string {
    const word = this.words.shift();
    if (word === undefined) throw this.mistake(`${what} is missing`);
    return word;
  }

  /** Takes a whole number that must be there. */
  count(what: string): number {
    return this.toNumber(this.word(what), what);
  }

  /** Whether the word stands anywhere. */
  has(word: string): boolean {
    const at = this.words.indexOf(word);
    if (at >= 0) this.words.splice(at, 1);
    return at >= 0;
  }

  /** Takes all words that begin with a sign, without it. */
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

  /** Takes all options that are left. */
  numbers(): Record<string, number> {
    const all = Object.fromEntries([...this.options].map(([key, value]) => [key, this.toNumber(value, key)]));
    this.options.clear();
    return all;
  }

  /** Says what is wrong with the line. */
  mistake(text: string): Error {
    return new Error(`${text}, in "${this.line}"`);
  }

  /** Fails if something is left that nobody asked for. */
  finish(): void {
    const left = [...this.words, ...this.options.keys()];
    if (left.length > 0) throw this.mistake(`"${left.join(" ")}" means nothing`);
  }

  private toNumber(text: string, what: string): number {
    const value = Number(text);
    if (Number.isNaN(value)) throw this.mistake(`${what} is no number`);
    return value;
  }
}
