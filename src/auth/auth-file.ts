/** A file of a source of identities, which is read again while the server runs. */
export interface AuthFile {
  /** What the file has, for the log, such as `tokens`. */
  readonly what: string;
  /** Its path by the name of its setting. */
  readonly paths: Readonly<Record<string, string>>;
  /** Checks the content and uses it from now on. @throws Error that says what is wrong; then nothing has changed. */
  readonly apply: (contents: Readonly<Record<string, Buffer>>) => void;
}

/** What a file says, or what is wrong with it, without any text of the file. */
export type Parsed<T> = { readonly content: T } | { readonly problems: readonly string[] };

/** A file whose content is used as a whole. @param use - gets the content whenever it has changed. */
export function authFile<T>(
  what: string,
  [setting, path]: readonly [setting: string, path: string],
  parse: (text: string) => Parsed<T>,
  use: (content: T) => void,
): AuthFile {
  return {
    what,
    paths: { [setting]: path },
    apply: (contents) => {
      const parsed = parse(contents[setting]?.toString("utf8") ?? "");
      if ("content" in parsed) use(parsed.content);
      else throw new Error(`${setting}: ${path}${joined(parsed.problems)}`);
    },
  };
}

/** A problem may begin with the place in the file. */
function joined(problems: readonly string[]): string {
  return problems.map((problem) => (problem.startsWith("[") ? problem : ` ${problem}`)).join("; ");
}
