const REQUIRED = ["debug", "info", "warn", "error"];
const OPTIONAL = ["trace", "isLevelEnabled"];

/** Says what is wrong with a value that is given as a logger. @returns undefined if it has the functions of one. */
export function loggerProblem(value: unknown): string | undefined {
  const remedy = `give an object with the functions ${REQUIRED.join(", ")}, such as a pino logger`;
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    return `is ${value === null ? "null" : `a ${typeof value}`}; ${remedy}`;
  }
  const functions = value as Readonly<Record<string, unknown>>;
  const lacking = REQUIRED.filter((name) => typeof functions[name] !== "function");
  const wrong = OPTIONAL.filter((name) => !["undefined", "function"].includes(typeof functions[name]));
  const names = [...lacking, ...wrong];
  return names.length === 0 ? undefined : `has no function ${names.join(", ")}; ${remedy}`;
}
