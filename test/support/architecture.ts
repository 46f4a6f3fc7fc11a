/**
 * The shape of the code as data, and a checker for it: who may import whom, what the pure core must not touch, and
 * the few files in which timers, event emitters and the environment may appear. Whoever changes the table or a list
 * of named files changes the architecture, and says so in ARCHITECTURE.md.
 *
 * Tests beside their sources are exempt: they may import what they need.
 */
import { posix } from "node:path";
import ts from "typescript";

/** What a folder of src may import. A name ending in ":type" allows `import type` only. */
interface Imports {
  readonly folders: readonly string[];
  readonly packages: readonly string[];
}

const CLIENT = "ate-dispatcher-client";
/** The generated messages and the wire format, which the client package holds for the server as well. */
const INTERNAL = `${CLIENT}/internal`;
const EDGE = ["core:type", "ports:type"];

const TABLE: Readonly<Record<string, Imports>> = {
  core: { folders: [], packages: [] },
  ports: { folders: ["core:type"], packages: [] },
  runtime: { folders: ["core", "ports"], packages: ["node:"] },
  grpc: {
    folders: EDGE,
    packages: [
      "node:",
      "@grpc/grpc-js",
      "@grpc/reflection",
      "grpc-health-check",
      "@bufbuild/protobuf",
      INTERNAL,
    ],
  },
  backplane: { folders: EDGE, packages: ["node:", "@bufbuild/protobuf", "@nats-io/", INTERNAL] },
  admin: { folders: EDGE, packages: ["node:", "@bufbuild/protobuf"] },
  telemetry: { folders: EDGE, packages: ["node:", "pino", "prom-client", "@opentelemetry/"] },
  config: {
    folders: [
      "core:type",
      "ports:type",
      "runtime:type",
      "grpc:type",
      "backplane:type",
      "admin:type",
      "telemetry:type",
    ],
    packages: ["node:", "zod", "yaml"],
  },
  cli: { folders: ["config"], packages: ["node:", "commander", "yaml", "@bufbuild/protobuf", CLIENT] },
};
const CLIENT_PACKAGES = ["node:", "@bufbuild/protobuf", "@grpc/grpc-js"];

/** Folders that use the packages by name, as their users do, and import no file of another folder. */
const USERS = ["bench/", "examples/"];

/** Lists of constants that the edges translate from; all else of the core they see as types. */
const CATALOGUES = ["src/core/reason.ts", "src/core/limits.ts", "src/core/model.ts", "src/core/topic.ts"];
/** The parts meet in compose and main; only these may import them. */
const TOP = ["src/compose.ts", "src/main.ts"];
const STARTERS = ["src/main.ts", "src/cli/serve.ts"];
const ENVIRONMENT = ["src/config/load.ts"];
const SUBSCRIBERS = ["src/grpc/call.ts"];
const GRPC_JS_INTERNALS = "src/grpc/transport/grpc-js-internals.ts";
/** Private fields of grpc-js; `call` and `stream` are too common as names. */
const GRPC_JS_FIELDS = new Set(["commonServerOptions", "http2Servers", "nextCall"]);
const TIMERS = [
  "src/runtime/pacemaker.ts",
  "src/runtime/watchdog.ts",
  "src/runtime/ticker.ts",
  "src/runtime/drain.ts",
];

const IMPURE = new Set(
  "Date Promise setTimeout setInterval setImmediate queueMicrotask performance process console globalThis".split(
    " ",
  ),
);
const SUBSCRIBING = new Set(["on", "once", "addListener", "prependListener"]);

/** Says which of the files (path -> source) break which rule, as "path: rule". */
export function violations(files: ReadonlyMap<string, string>): readonly string[] {
  const found: string[] = [];
  for (const [path, source] of files) {
    const rules = new Set<string>(misnamed(path));
    const generated = path.includes("/gen/");
    if (!path.endsWith(".test.ts")) {
      const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
      for (const rule of misplaced(path)) rules.add(rule);
      walk(file, (node) => {
        for (const specifier of importsOf(node)) rules.add(badImport(path, specifier) ?? "");
        if (generated) return;
        if (path.startsWith("src/core/")) rules.add(impure(node) ?? "");
        rules.add(scattered(path, node) ?? "");
      });
    }
    rules.delete("");
    found.push(...[...rules].map((rule) => `${path}: ${rule}`));
  }
  return found;
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node);
  ts.forEachChild(node, (child) => walk(child, visit));
}

function misnamed(path: string): readonly string[] {
  const forbidden = /(^|[-._/])(utils?|helpers?|common|managers?|impl)(?=[-._/]|$)|Impl/;
  const own = path.replace(/^.*?src\//, "").replace(/\.ts$/, "");
  const isGenerated = own.startsWith("gen/");
  return !isGenerated && forbidden.test(own)
    ? ["no file is named utils, helpers, common, manager or Impl"]
    : [];
}

function misplaced(path: string): readonly string[] {
  if (!path.startsWith("src/") || TOP.includes(path)) return [];
  const folder = folderOf(path);
  if (folder.endsWith(".ts")) return ["only compose.ts and main.ts lie at the top"];
  return folder in TABLE ? [] : [`${folder} is not in the table`];
}

/** The folder of src that a path lies in, or the file's own name at the top of src. */
function folderOf(path: string): string {
  return path.split("/")[1] ?? "";
}

interface Specifier {
  readonly text: string;
  readonly isTypeOnly: boolean;
}

function importsOf(node: ts.Node): readonly Specifier[] {
  const literal = (argument: ts.Node | undefined, isTypeOnly: boolean): Specifier[] =>
    argument !== undefined && ts.isStringLiteralLike(argument) ? [{ text: argument.text, isTypeOnly }] : [];
  if (ts.isImportDeclaration(node)) return literal(node.moduleSpecifier, hasOnlyTypes(node.importClause));
  if (ts.isExportDeclaration(node)) {
    const names = node.exportClause;
    const each = names !== undefined && ts.isNamedExports(names) && names.elements.every((e) => e.isTypeOnly);
    return literal(node.moduleSpecifier, node.isTypeOnly || each);
  }
  if (ts.isImportTypeNode(node))
    return ts.isLiteralTypeNode(node.argument) ? literal(node.argument.literal, true) : [];
  const isDynamic = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  return isDynamic ? literal(node.arguments[0], false) : [];
}

function hasOnlyTypes(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const names = clause.namedBindings;
  return (
    clause.name === undefined &&
    names !== undefined &&
    ts.isNamedImports(names) &&
    names.elements.every((e) => e.isTypeOnly)
  );
}

function badImport(path: string, { text, isTypeOnly }: Specifier): string | undefined {
  const user = USERS.find((folder) => path.startsWith(folder));
  if (user !== undefined) return strayImport(path, user, text);
  if (!text.startsWith(".")) return badPackage(path, text);
  const target = posix.join(posix.dirname(path), text).replace(/\.js$/, ".ts");
  if (path.startsWith("clients/")) {
    const own = path.split("/").slice(0, 2).join("/");
    if (target.startsWith(`${own}/`)) return undefined;
    return `clients must not import ${target.startsWith("clients/") ? "another client" : folderAtRoot(target)}`;
  }
  if (TOP.includes(target) && !STARTERS.includes(path)) {
    return `nothing but main.ts and cli/serve.ts may import ${posix.basename(target, ".ts")}`;
  }
  if (TOP.includes(path) || TOP.includes(target)) return undefined;
  const from = folderOf(path);
  if (!target.startsWith("src/")) return `${from} must not import ${folderAtRoot(target)}`;
  const to = folderOf(target);
  const allowed = TABLE[from]?.folders ?? [];
  if (to === from || allowed.includes(to)) return undefined;
  if (!allowed.includes(`${to}:type`)) return `${from} must not import ${to}`;
  return isTypeOnly || CATALOGUES.includes(target) ? undefined : `${from} may import only types from ${to}`;
}

/** A file of a user may import its own folder and, by name, any package. */
function strayImport(path: string, user: string, text: string): string | undefined {
  if (!text.startsWith(".")) return undefined;
  const target = posix.join(posix.dirname(path), text);
  return target.startsWith(user)
    ? undefined
    : `${folderAtRoot(path)} must not import ${folderAtRoot(target)}`;
}

function folderAtRoot(path: string): string {
  return path.split("/")[0] ?? path;
}

function badPackage(path: string, name: string): string | undefined {
  if (TOP.includes(path)) return undefined;
  const isClient = path.startsWith("clients/");
  const allowed = isClient ? CLIENT_PACKAGES : (TABLE[folderOf(path)]?.packages ?? []);
  const isAllowed =
    name === INTERNAL
      ? allowed.includes(INTERNAL)
      : allowed.some((entry) =>
          /[:/]$/.test(entry) ? name.startsWith(entry) : name === entry || name.startsWith(`${entry}/`),
        );
  return isAllowed ? undefined : `${isClient ? "clients" : folderOf(path)} must not import ${name}`;
}

function impure(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return "core must not use async";
  if (node.kind === ts.SyntaxKind.AwaitExpression || node.kind === ts.SyntaxKind.AwaitKeyword) {
    return "core must not use await";
  }
  if (member(node, "Math", "random")) return "core must not use Math.random";
  if (!ts.isIdentifier(node) || !IMPURE.has(node.text) || isMerelyAName(node)) return undefined;
  return `core must not use ${node.text}`;
}

/** Whether an identifier names a member, as in `x.process` or `{ process: 1 }`, instead of referring to a global. */
function isMerelyAName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isQualifiedName(parent)) return parent.right === node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  const isMember =
    ts.isPropertyAssignment(parent) ||
    ts.isPropertySignature(parent) ||
    ts.isMethodSignature(parent) ||
    ts.isPropertyDeclaration(parent) ||
    ts.isMethodDeclaration(parent) ||
    ts.isGetAccessorDeclaration(parent);
  return isMember && parent.name === node;
}

/** Things that are allowed, but only in one place. */
function scattered(path: string, node: ts.Node): string | undefined {
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    if (node.exportClause === undefined || ts.isNamespaceExport(node.exportClause)) return "no export *";
  }
  if (USERS.some((user) => path.startsWith(user))) return undefined;
  if (!ENVIRONMENT.includes(path) && readsEnvironment(node)) return "process.env belongs in config/load.ts";
  if (path !== GRPC_JS_INTERNALS && readsGrpcJsInternals(path, node)) {
    return "internals of grpc-js belong in grpc/transport/grpc-js-internals.ts";
  }
  if (!path.startsWith("src/")) return undefined;
  if (!SUBSCRIBERS.includes(path) && subscribes(node) && !(path === "src/main.ts" && isOfProcess(node))) {
    return "events are subscribed to in grpc/call.ts only";
  }
  return !TIMERS.includes(path) && setsTimer(node) ? "timers belong in runtime" : undefined;
}

function readsEnvironment(node: ts.Node): boolean {
  if (member(node, "process", "env")) return true;
  if (ts.isVariableDeclaration(node) && ts.isObjectBindingPattern(node.name)) {
    const isProcess = node.initializer !== undefined && node.initializer.getText() === "process";
    return isProcess && node.name.elements.some((e) => (e.propertyName ?? e.name).getText() === "env");
  }
  if (!ts.isImportSpecifier(node) || (node.propertyName ?? node.name).text !== "env") return false;
  return /^(node:)?process$/.test((node.parent.parent.parent.moduleSpecifier as ts.StringLiteral).text);
}

/** Whether a node names a private field of grpc-js, or may reach one because it casts a type away. */
function readsGrpcJsInternals(path: string, node: ts.Node): boolean {
  if (ts.isIdentifier(node) && GRPC_JS_FIELDS.has(node.text)) return true;
  const mayHoldCalls = path.startsWith("src/grpc/") || path.startsWith("clients/");
  return mayHoldCalls && ts.isAsExpression(node) && /^(any|unknown)$/.test(node.type.getText());
}

function subscribes(node: ts.Node): node is ts.CallExpression {
  const isCall = ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression);
  return isCall && SUBSCRIBING.has(node.expression.name.text);
}

function isOfProcess(call: ts.CallExpression): boolean {
  return ts.isPropertyAccessExpression(call.expression) && call.expression.expression.getText() === "process";
}

function setsTimer(node: ts.Node): boolean {
  if (importsOf(node).some(({ text }) => /^(node:)?timers(\/|$)/.test(text))) return true;
  return ts.isIdentifier(node) && /^set(Timeout|Interval)$/.test(node.text);
}

/** Whether a node is `object.name` or `object["name"]`. */
function member(node: ts.Node, object: string, name: string): boolean {
  if (ts.isPropertyAccessExpression(node))
    return node.expression.getText() === object && node.name.text === name;
  if (!ts.isElementAccessExpression(node) || node.expression.getText() !== object) return false;
  return ts.isStringLiteralLike(node.argumentExpression) && node.argumentExpression.text === name;
}
