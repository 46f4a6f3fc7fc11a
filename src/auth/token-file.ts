/**
 * The format of the token file: a YAML list of `{ id, sha256, groups, expires }`. No problem that is reported contains any
 * text of the file, because a token may stand there by mistake.
 */
import { LineCounter, parseDocument } from "yaml";
import type { Parsed } from "./auth-file.js";
import { groupsProblem, idProblem } from "./identity.js";
import type { StaticToken } from "./static-tokens.js";

/** Limit of the tokens in a file. */
export const MAX_TOKENS = 10_000;
/** Problems that are reported; after so many, the reader knows that this is no token file. */
const MAX_PROBLEMS = 20;

const KEYS: ReadonlySet<string> = new Set(["id", "sha256", "groups", "expires"]);
const DIGEST = /^[0-9a-f]{64}$/i;
const INSTANT = /^\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?(?:Z|[+-]\d{2}:\d{2}))?$/;

/** Reads the content of a token file. */
export function parseTokens(text: string): Parsed<readonly StaticToken[]> {
  const lines = new LineCounter();
  // Errors with an excerpt would show the content, and aliases can multiply it.
  const document = parseDocument(text, { prettyErrors: false, lineCounter: lines, uniqueKeys: true });
  const [error] = document.errors;
  if (error) {
    const { line } = lines.linePos(error.pos[0]);
    return failed(`line ${line} is not valid YAML (${error.code})`);
  }
  let list: unknown;
  try {
    list = document.toJS({ maxAliasCount: 0 });
  } catch {
    return failed("has aliases; write each token out");
  }
  if (list === null) return { content: [] };
  if (!Array.isArray(list)) return failed("is no list; write one { id, sha256, groups, expires } per token");
  if (list.length > MAX_TOKENS) return failed(`has ${list.length} tokens; use at most ${MAX_TOKENS}`);
  const tokens: StaticToken[] = [];
  const problems: string[] = [];
  const digests = new Map<string, number>();
  for (const [i, entry] of list.entries()) {
    const found = problemsOf(entry).map((problem) => `[${i}]${problem}`);
    problems.push(...found);
    if (found.length > 0) continue;
    const token = tokenOf(entry as ValidEntry);
    const digest = token.digest.toString("hex");
    const first = digests.get(digest);
    if (first === undefined) digests.set(digest, i);
    else problems.push(`[${i}].sha256 is that of [${first}]; each token has one entry`);
    tokens.push(token);
  }
  return problems.length > 0 ? { problems: problems.slice(0, MAX_PROBLEMS) } : { content: tokens };
}

interface ValidEntry {
  readonly id: string;
  readonly sha256: string;
  readonly groups?: readonly string[] | null;
  readonly expires?: string | null;
}

function failed(problem: string): { readonly problems: readonly string[] } {
  return { problems: [problem] };
}

function problemsOf(entry: unknown): readonly string[] {
  if (typeof entry !== "object" || entry === null || Array.isArray(entry)) {
    return [" is no entry; use { id, sha256, groups, expires }"];
  }
  const { id, sha256, groups, expires } = entry as Readonly<Record<string, unknown>>;
  const found: string[] = [];
  if (Object.keys(entry).some((key) => !KEYS.has(key))) {
    found.push(" has an unknown key; the keys are id, sha256, groups and expires");
  }
  const wrongId = idProblem(id, { maySpiffe: false });
  if (wrongId !== undefined) found.push(`.id ${wrongId}; use another one`);
  if (typeof sha256 !== "string" || !DIGEST.test(sha256)) {
    found.push(".sha256 is no digest; use 64 hexadecimal digits, as `ate-dispatcher token new` prints them");
  }
  const wrongGroups = groups === undefined || groups === null ? undefined : groupsProblem(groups);
  if (wrongGroups !== undefined) found.push(`.groups ${wrongGroups}; use a list of names`);
  if (expires !== undefined && expires !== null && Number.isNaN(instantOf(expires))) {
    found.push(".expires is no instant; use one such as 2030-01-31 or 2030-01-31T12:00:00Z");
  }
  return found;
}

function tokenOf({ id, sha256, groups, expires }: ValidEntry): StaticToken {
  return {
    digest: Buffer.from(sha256, "hex"),
    principal: {
      id,
      source: "token",
      groups: [...new Set(groups ?? [])],
      expiresAt: expires === undefined || expires === null ? undefined : instantOf(expires),
    },
  };
}

/** Milliseconds since 1970; NaN if the text is no instant. A date is its beginning in UTC. */
function instantOf(text: unknown): number {
  return typeof text === "string" && INSTANT.test(text) ? Date.parse(text) : Number.NaN;
}
