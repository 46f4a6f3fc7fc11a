/** Values that a program can throw, and that are hard to print. */
export const ODD_FAILURES: readonly (readonly [what: string, thrown: unknown])[] = [
  ["an Error whose message is an object", Object.assign(new Error(), { message: { a: 1 } })],
  ["an Error whose message is a symbol", Object.assign(new Error(), { message: Symbol("m") })],
  ["an Error whose message throws", throwingProperty(new Error(), "message")],
  ["an Error whose name throws", throwingProperty(new Error("x"), "name")],
  ["an Error whose code throws", throwingProperty(new Error("x"), "code")],
  ["an object without a prototype", Object.create(null)],
  ["a symbol", Symbol("why")],
  ["a bigint", 10n],
  ["undefined", undefined],
  ["null", null],
  ["a function", () => {}],
  ["an object whose toString throws", { toString: () => thrower() }],
  ["an object whose toString returns an object", { toString: () => ({}) }],
  ["an object whose constructor throws", throwingProperty(Object.create(null), "constructor")],
  ["a proxy that always throws", new Proxy({}, { get: thrower, has: thrower, getPrototypeOf: thrower })],
  ["a revoked proxy", revokedProxy()],
  ["a text of 2 MiB", "x".repeat(2 * 1024 * 1024)],
  ["an Error with a text of 2 MiB", new Error("ü".repeat(2 * 1024 * 1024))],
  ["half an emoji", "\ud83d"],
  ["an error of another copy of this package, without fields", { name: "DispatcherError", reason: 1 }],
];

function thrower(): never {
  throw new Error("thrown while it was read");
}

/** Gives `target` a property that throws when it is read. */
export function throwingProperty(target: object, name: string): object {
  return Object.defineProperty(target, name, { get: thrower, enumerable: true });
}

function revokedProxy(): object {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}
