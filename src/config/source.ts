/**
 * Reads configuration values, with their places, from the YAML file and the environment.
 */
import { isMap, isNode, isScalar, LineCounter, parseDocument } from "yaml";
import { nearest, VARIABLE_PREFIX, variableOf } from "./names.js";
import { CONFIG_KEYS, type ConfigKey, isConfigKey } from "./schema.js";

/** A value that is not validated yet. */
export interface SourcedValue {
  readonly value: unknown;
  /** The place, for error messages: `dispatcher.yaml:3`, `ATE_DISPATCHER_MAX_TTL_MS`, `--max-ttl-ms`. */
  readonly source: string;
}

/** The values of one source. */
export interface Layer {
  readonly values: ReadonlyMap<ConfigKey, SourcedValue>;
  /** Mistakes that do not concern a known key, one line each. */
  readonly problems: readonly string[];
}

/** Variables of the dispatcher that are not configuration keys. */
const OTHER_VARIABLES = new Set(
  [
    ...["CONFIG", "ADDRESS", "COMMAND"],
    ...["TLS", "TLS_CA", "TLS_CERT", "TLS_KEY", "SERVER_NAME", "TOKEN", "TOKEN_FILE", "ALLOW_INSECURE_TOKEN"],
  ].map((name) => `${VARIABLE_PREFIX}${name}`),
);

/**
 * Variables that Kubernetes sets in every pod for a service whose name starts with ate-dispatcher. They have our
 * prefix,
 * but they are not settings.
 */
const SERVICE_LINK = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** Reads the values of a YAML text. @param name - the name of the file in error messages. */
export function readYaml(text: string, name: string): Layer {
  const values = new Map<ConfigKey, SourcedValue>();
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number) => `${name}:${lines.linePos(offset).line}`;
  const problems = document.errors.map((error) => `${at(error.pos[0])}: ${firstLine(error.message)}`);
  if (problems.length > 0 || document.contents === null) return { values, problems };
  if (!isMap(document.contents)) {
    return { values, problems: [`${name}:1: the file must be a list of "key: value" lines`] };
  }
  for (const { key, value } of document.contents.items) {
    const keyName = isScalar(key) ? String(key.value) : String(key);
    const source = isScalar(key) && key.range ? at(key.range[0]) : name;
    if (!isConfigKey(keyName)) {
      problems.push(`${source}: unknown key ${keyName}; did you mean ${nearest(keyName, CONFIG_KEYS)}?`);
      continue;
    }
    try {
      const plain: unknown = isNode(value) ? value.toJS(document) : null;
      if (plain === null) problems.push(`${source}: ${keyName} has no value; add one or remove the line`);
      else values.set(keyName, { value: plain, source });
    } catch (error) {
      // toJS detects aliases without an anchor, and too many aliases.
      problems.push(`${source}: ${firstLine(error instanceof Error ? error.message : String(error))}`);
    }
  }
  return { values, problems };
}

/** Reads the values of the environment. An empty variable counts as not set. */
export function readVariables(environment: Readonly<Record<string, string | undefined>>): Layer {
  const values = new Map<ConfigKey, SourcedValue>();
  const problems: string[] = [];
  const keys = new Map(CONFIG_KEYS.map((key) => [variableOf(key), key]));
  for (const [name, value] of Object.entries(environment)) {
    if (!name.startsWith(VARIABLE_PREFIX) || value === undefined || value === "") continue;
    const key = keys.get(name);
    if (key !== undefined) values.set(key, { value, source: name });
    else if (!OTHER_VARIABLES.has(name) && !SERVICE_LINK.test(name)) {
      const known = [...keys.keys(), ...OTHER_VARIABLES];
      problems.push(`${name}: unknown variable; did you mean ${nearest(name, known)}?`);
    }
  }
  return { values, problems };
}

function firstLine(text: string): string {
  return text.split("\n", 1)[0] ?? text;
}
