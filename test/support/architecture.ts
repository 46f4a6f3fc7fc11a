/**
 * The shape of the code as data, and a checker for it: which folder may import which, and the few files in which timers,
 * event emitters and the environment may appear. A change of a table or of a list of files changes the architecture, and
 * belongs in ARCHITECTURE.md.
 *
 * The compiler keeps the core pure: src/core has a tsconfig without the types of Node and of browsers. Only what the
 * language itself has is checked here. Tests beside their sources are exempt: they may import what they need.
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
const VOCABULARY = "core/vocabulary";
/** How the texts of peers are shown, on a terminal and in a log. */
const PLAIN_TEXT = `${VOCABULARY}/plain-text.ts`;

/** Of the core, the edges may import the vocabulary alone; the runtime may also import its door, dispatcher.ts. */
const TABLE: Readonly<Record<string, Imports>> = {
  core: { folders: [], packages: [] },
  ports: { folders: [`${VOCABULARY}:type`], packages: [] },
  runtime: { folders: ["core/dispatcher.ts", VOCABULARY, "ports"], packages: ["node:"] },
  grpc: {
    folders: [VOCABULARY, "ports:type"],
    packages: [
      "node:",
      "@grpc/grpc-js",
      "@grpc/reflection",
      "grpc-health-check",
      "@bufbuild/protobuf",
      INTERNAL,
    ],
  },
  auth: { folders: [`${VOCABULARY}`, "ports:type"], packages: ["node:", "jose", "yaml"] },
  logging: { folders: ["ports", `${VOCABULARY}:type`, PLAIN_TEXT], packages: ["node:", "pino"] },
  config: {
    folders: [VOCABULARY, "ports:type", "runtime:type", "grpc:type", "auth"],
    packages: ["node:", "zod", "yaml"],
  },
  cli: {
    folders: ["config", "auth", VOCABULARY, PLAIN_TEXT],
    packages: ["node:", "commander", "yaml", "@bufbuild/protobuf", CLIENT],
  },
};

/**
 * Folders and files by layer, the highest first. A file imports its own layer and lower ones, never a higher one.
 */
const LAYERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  "src/core": [["dispatcher.ts"], ["rules"], ["views"], ["state"], ["tables"], ["vocabulary"]],
  "src/grpc": [
    ["server.ts", "bind.ts", "health.ts", "reflection.ts"],
    ["rpc"],
    ["transport"],
    ["wire", "gen"],
    ["options.ts"],
    ["tls"],
  ],
  "clients/typescript/src": [
    ["index.ts", "internal.ts"],
    ["client.ts"],
    ["introspection"],
    ["listener"],
    ["producer"],
    ["request"],
    ["result"],
    ["connection"],
    ["wire"],
    ["async"],
    ["json"],
    ["options"],
    ["errors.ts"],
    ["error-text.ts"],
    ["values"],
    ["codec"],
    ["gen"],
  ],
};

/** Files in a circle of imports: as many as the data model of the core has, where a session holds assignments. */
const MAX_CIRCLE = 4;
const MAX_PARAMETERS = 5;
const CLIENT_PACKAGES = ["node:", "@bufbuild/protobuf", "@grpc/grpc-js"];

/** Folders that use the packages by name, as their users do, and import no file of another folder. */
const USERS = ["bench/", "examples/"];

/** The parts meet in compose and main; only these may import them. */
const TOP = ["src/compose.ts", "src/main.ts"];
const STARTERS = ["src/main.ts", "src/cli/serve.ts"];
const ENVIRONMENT = ["src/config/load.ts"];
const SUBSCRIBERS = ["call", "bound-servers", "http2-events"].map((name) => `src/grpc/transport/${name}.ts`);
const GRPC_JS_INTERNALS = [
  "src/grpc/transport/grpc-js-internals.ts",
  "clients/typescript/src/connection/grpc-js-internals.ts",
];
/** Private fields of grpc-js; `call` and `stream` are too common as names. */
const GRPC_JS_FIELDS = new Set(["commonServerOptions", "http2Servers", "nextCall", "internalChannel"]);
const TIMERS = [
  "src/runtime/pacemaker.ts",
  "src/runtime/watchdog.ts",
  "src/runtime/ticker.ts",
  "src/runtime/drain.ts",
  "src/runtime/reloaded-files.ts",
];

/** What the language itself has, but the core must not use. */
const IMPURE = new Set(["Date", "Promise"]);
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
        if (!isOfUser(path) && ts.isFunctionLike(node) && node.parameters.length > MAX_PARAMETERS) {
          rules.add(`no function takes more than ${MAX_PARAMETERS} parameters`);
        }
        rules.add(scattered(path, node) ?? "");
      });
    }
    rules.delete("");
    found.push(...[...rules].map((rule) => `${path}: ${rule}`));
  }
  return found;
}

/** Circles of imports, types included, with more files than the data model has. */
export function largeCircles(files: ReadonlyMap<string, string>): readonly (readonly string[])[] {
  return circlesOf(importGraph(files)).filter((circle) => circle.length > MAX_CIRCLE);
}

function importGraph(files: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const graph = new Map<string, readonly string[]>();
  for (const [path, source] of files) {
    if (path.endsWith(".test.ts") || path.includes("/gen/")) continue;
    const targets = new Set<string>();
    walk(ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true), (node) => {
      for (const { text } of importsOf(node)) if (text.startsWith(".")) targets.add(targetOf(path, text));
    });
    graph.set(path, [...targets]);
  }
  return graph;
}

/** The strongly connected components of more than one file (Tarjan). */
function circlesOf(graph: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const indexes = new Map<string, number>();
  const lows = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (path: string): number => {
    const index = indexes.size;
    indexes.set(path, index);
    lows.set(path, index);
    stack.push(path);
    for (const target of graph.get(path) ?? []) {
      if (!graph.has(target)) continue;
      const isNew = !indexes.has(target);
      if (!isNew && !stack.includes(target)) continue;
      const low = isNew ? visit(target) : (indexes.get(target) ?? index);
      lows.set(path, Math.min(lows.get(path) ?? index, low));
    }
    const low = lows.get(path) ?? index;
    if (low === index) {
      const circle = stack.splice(stack.indexOf(path));
      if (circle.length > 1) circles.push(circle);
    }
    return low;
  };
  for (const path of graph.keys()) if (!indexes.has(path)) visit(path);
  return circles;
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
  const target = targetOf(path, text);
  const upward = badLayer(path, target);
  if (upward !== undefined) return upward;
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
  if (to === from) return undefined;
  const allowed = TABLE[from]?.folders ?? [];
  const isIn = (folder: string): boolean => target === `src/${folder}` || target.startsWith(`src/${folder}/`);
  if (allowed.some(isIn)) return undefined;
  const isAllowedAsType = allowed.some(
    (name) => name.endsWith(":type") && isIn(name.slice(0, -":type".length)),
  );
  const place = to === "core" ? target.split("/").slice(1, 3).join("/") : to;
  if (!isAllowedAsType) return `${from} must not import ${place}`;
  return isTypeOnly ? undefined : `${from} may import only types from ${place}`;
}

/** Whether a file imports a higher layer of its own package. */
function badLayer(path: string, target: string): string | undefined {
  for (const [base, layers] of Object.entries(LAYERS)) {
    if (!path.startsWith(`${base}/`) || !target.startsWith(`${base}/`)) continue;
    const [from, to] = [path, target].map((file) => file.slice(base.length + 1).split("/")[0] ?? "") as [
      string,
      string,
    ];
    const rankOf = (name: string): number => layers.findIndex((layer) => layer.includes(name));
    if (rankOf(from) === -1) return `${from} is in no layer of ${base}`;
    return rankOf(to) < rankOf(from) ? `${from} must not import ${to}, which is a higher layer` : undefined;
  }
  return undefined;
}

function targetOf(path: string, text: string): string {
  return posix.join(posix.dirname(path), text).replace(/\.js$/, ".ts");
}

function isOfUser(path: string): boolean {
  return USERS.some((user) => path.startsWith(user));
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
  if (isOfUser(path)) return undefined;
  if (!ENVIRONMENT.includes(path) && readsEnvironment(node)) return "process.env belongs in config/load.ts";
  if (!GRPC_JS_INTERNALS.includes(path) && readsGrpcJsInternals(path, node)) {
    return "internals of grpc-js belong in grpc-js-internals.ts";
  }
  if (!path.startsWith("src/")) return undefined;
  if (!SUBSCRIBERS.includes(path) && subscribes(node) && !(path === "src/main.ts" && isOfProcess(node))) {
    return "events are subscribed to in call.ts, bound-servers.ts and http2-events.ts of grpc/transport only";
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
