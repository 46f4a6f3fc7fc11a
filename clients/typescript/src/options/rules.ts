import { checkOptions, checkValue, isRecord, type OptionTable, type Rule } from "./option-check.js";

/** The largest number that a 32-bit field holds. */
const MAX_UINT32 = 2 ** 32 - 1;

/** Limits of the contract that keep every message of a session below the limit of any server. */
export const MAX_TOPIC_BYTES = 255;
const MAX_ID_BYTES = 128;

const isText = (value: unknown): value is string => typeof value === "string";

/** Any text. The server checks the rest. */
export const TEXT: Rule = { use: "a string", isValid: isText };

export const FLAG: Rule = { use: "true or false", isValid: (value) => typeof value === "boolean" };

export const CALLBACK: Rule = { use: "a function", isValid: (value) => typeof value === "function" };

/** Milliseconds that the server checks further. */
export const MILLISECONDS: Rule = {
  use: "a number of milliseconds",
  isValid: (value) => typeof value === "number" && Number.isFinite(value),
};

/** Milliseconds that this library waits. */
export const WAIT: Rule = {
  use: "a number of milliseconds from 0",
  isValid: (value) => typeof value === "number" && value >= 0,
};

export const POSITIVE_WAIT: Rule = {
  use: "a number of milliseconds above 0",
  isValid: (value) => typeof value === "number" && Number.isFinite(value) && value > 0,
};

export const SIGNAL: Rule = {
  use: "an AbortSignal",
  isValid: (value) => isObject(value) && "aborted" in value && "addEventListener" in value,
};

export const BYTES: Rule = { use: "a Uint8Array", isValid: (value) => value instanceof Uint8Array };

export const JSON_ARRAY: Rule = { use: "an array of JSON values", isValid: Array.isArray };

export const JSON_OBJECT: Rule = { use: "an object of JSON values", isValid: isRecord };

export const ANY_OBJECT: Rule = { use: "an object", isValid: isObject };

/** A whole number that fits into a field of the protocol. */
export function wholeNumber(min: number, max: number = MAX_UINT32): Rule {
  return {
    use: `a whole number from ${min} to ${max}`,
    isValid: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

/** A number in a range. */
export function numberFrom(min: number, max: number): Rule {
  const use =
    max === Number.POSITIVE_INFINITY ? `a number of at least ${min}` : `a number from ${min} to ${max}`;
  return {
    use,
    isValid: (value) => typeof value === "number" && Number.isFinite(value) && value >= min && value <= max,
  };
}

/** A text of limited size, in bytes of UTF-8. */
export function shortText(maxBytes: number): Rule {
  return {
    use: `a string of at most ${maxBytes} bytes`,
    isValid: (value) => isText(value) && Buffer.byteLength(value) <= maxBytes,
  };
}

export function oneOf(...values: readonly string[]): Rule {
  return {
    use: values.map((value) => `"${value}"`).join(" or "),
    isValid: (value) => values.includes(value as string),
  };
}

/** An array whose elements follow a rule. */
export function listOf(rule: Rule): Rule {
  return {
    use: `an array; each element is ${rule.use}`,
    isValid(value, path) {
      if (!Array.isArray(value)) return false;
      for (const [index, element] of value.entries()) checkValue(element, rule, `${path}[${index}]`);
      return true;
    },
  };
}

/** An object of any keys, whose values follow a rule. */
export function mapOf(
  rule: Rule,
  limits: { readonly maxEntries?: number; readonly maxKeyBytes?: number } = {},
): Rule {
  const { maxEntries = Number.POSITIVE_INFINITY, maxKeyBytes = Number.POSITIVE_INFINITY } = limits;
  const few = maxEntries === Number.POSITIVE_INFINITY ? "" : ` with at most ${maxEntries} entries`;
  const short = maxKeyBytes === Number.POSITIVE_INFINITY ? "" : `, each key of at most ${maxKeyBytes} bytes`;
  return {
    use: `an object${few}; each value is ${rule.use}${short}`,
    isValid(value, path) {
      if (!isRecord(value)) return false;
      const entries = Object.entries(value);
      if (entries.length > maxEntries) return false;
      for (const [key, element] of entries) {
        if (Buffer.byteLength(key) > maxKeyBytes) return false;
        checkValue(element, rule, `${path}.${key}`);
      }
      return true;
    },
  };
}

/** A text that identifies a peer or a group. The server checks the rest. */
export const ID: Rule = shortText(MAX_ID_BYTES);

/** A topic or pattern whose form the server checks. */
export const TOPIC: Rule = shortText(MAX_TOPIC_BYTES);

/** An object with options of its own. */
export function optionsOf(table: OptionTable, what: string): Rule {
  return {
    use: `an object of ${what}`,
    isValid(value, path) {
      checkOptions(value, table, what, path);
      return true;
    },
  };
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
