/**
 * Checks the documentation: lists are complete, commands exist, examples are valid, compile and run, and links resolve.
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { promisify, stripVTControlCharacters } from "node:util";
import {
  createFileRegistry,
  type DescMessage,
  fromBinary,
  fromJson,
  type JsonValue,
} from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { status } from "@grpc/grpc-js";
import ts from "typescript";
import { describe, expect, it, onTestFinished } from "vitest";
import { Stop } from "../src/cli/exit.js";
import { runCli } from "../src/cli/main.js";
import { REASONS, type ReasonName } from "../src/core/vocabulary/reason.js";
import { image } from "../src/grpc/gen/descriptor-image.js";
import { CODES } from "../src/grpc/wire/status.js";
import { useServer } from "./support/in-process.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DOCUMENTS = [
  ...["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "ARCHITECTURE.md", "SECURITY.md"],
  ...names("docs").filter((name) => name.endsWith(".md")),
  ...names("bench").filter((name) => posix.basename(name) === "README.md"),
  ...names("clients").filter((name) => posix.basename(name) === "README.md"),
].filter((name) => existsSync(join(ROOT, name)));
/** The documents whose examples are checked here. */
const GUIDES = DOCUMENTS.filter((name) => name === "README.md" || /^docs\/[\w-]+\.md$/.test(name));
const SERVICE = "ate.dispatcher.v1.DispatcherService";
const FENCES = /^```.*?^```$/gms;
const SLOW_MS = 60_000;
const POLL_OPTIONS = { timeout: SLOW_MS / 4, interval: 20 };

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, Buffer.from(image, "base64")));
/** Uses the default TTL that the documents quote. */
const server = useServer({ defaultTtlMs: 5_000 });

/** A fenced block of a document. */
interface Block {
  readonly name: string;
  readonly language: string;
  readonly info: string;
  readonly text: string;
}

describe("errors.md", () => {
  it("lists every reason with number, code, meaning and remedy, and no other reason", () => {
    const row = /^\| (\d+) \| `(\w+)` \| (\w+) \| (yes|no) \| ([^|]+) \| [^|]+ \|$/gm;
    const documented = [...read("docs/errors.md").matchAll(row)].map(([, ...cells]) => cells);
    const actual = Object.entries(REASONS).map(([name, { code, isRetryable, text }]) => {
      const grpcCode = status[CODES[name as ReasonName]];
      return [String(code), name, grpcCode, isRetryable ? "yes" : "no", text];
    });
    expect(documented).toEqual(actual);
  });
});

describe("protocol.md", () => {
  it("names every RPC", () => {
    const rpcs = [...registry]
      .flatMap((type) => (type.kind === "service" && type.typeName.startsWith("ate.") ? type.methods : []))
      .map(({ name }) => name);
    const words = new Set(read("docs/protocol.md").match(/\w+/g));
    expect(rpcs).toContain("Dispatch");
    expect(rpcs.filter((name) => !words.has(name))).toEqual([]);
  });
});

describe("commands", () => {
  const { scripts } = JSON.parse(read("package.json")) as { readonly scripts: Record<string, string> };

  it("of npm are built into npm or are scripts of the package", () => {
    const builtIn = ["install", "ci"];
    const named = DOCUMENTS.flatMap((document) =>
      [...codeOf(document).matchAll(/\bnpm (?:run (?:-s )?)?([\w:]+)/g)].map(([, name = ""]) => name),
    );
    expect(named).toContain("check");
    expect(named.filter((name) => !builtIn.includes(name) && !Object.hasOwn(scripts, name))).toEqual([]);
  });

  it("of ate-dispatcher exist, with their options", async () => {
    const program = await helpOf();
    const commandLine = /(?:\bate-dispatcher|node dist\/main\.js) ([a-z]+)\b([^\n`|]*)/g;
    for (const [line, command = "", rest = ""] of DOCUMENTS.map(codeOf).join("\n").matchAll(commandLine)) {
      expect(program, line).toMatch(new RegExp(`^  ${command} `, "m"));
      // Such as `policy check`: the options are those of the command below.
      const [, below = ""] = /^ ([a-z]+)\b/.exec(rest) ?? [];
      const own = await helpOf(command);
      const isNested = below !== "" && new RegExp(`^  ${below} `, "m").test(own.split("Commands:")[1] ?? "");
      const help = isNested ? await helpOf(command, below) : own;
      for (const [flag] of rest.matchAll(/(?<=\s)--?[a-z][\w-]*/g)) {
        expect(help, line).toMatch(new RegExp(`(?<=[\\s,])${flag}(?=[\\s,=])`));
      }
    }
  });

  it("in the README print the output that it shows", { timeout: SLOW_MS }, async () => {
    const gatherBlock = blockWith("npx ate-dispatcher gather ");
    const listenBlock = blockWith("npx ate-dispatcher listen ");
    const lines = [gatherBlock, listenBlock].flatMap(({ text }) => text.trim().split("\n"));
    const start = (command: string) => {
      const line = lines.find((text) => text.startsWith(`npx ate-dispatcher ${command} `));
      return run(line?.split(" ").slice(2) ?? []);
    };
    const producer = start("produce");
    await producer.prints("answering on");
    const gather = start("gather");
    expect(await gather.exitCode).toBe(0);
    expect(withoutTimes(gather.output())).toBe(withoutTimes(shownAfter(gatherBlock)));
    const listener = start("listen");
    await listener.prints("listening on");
    expect(await start("request").exitCode).toBe(0);
    await expect
      .poll(() => withoutTimes(listener.output()), POLL_OPTIONS)
      .toBe(withoutTimes(shownAfter(listenBlock)));
    for (const command of [listener, producer]) expect(await command.stop()).toBe(0);
  });
});

describe("examples", () => {
  it.each(blocks("json", "jsonl"))("%s is a message of the contract", (_, { language, info, text }) => {
    const message = registry.getMessage(info);
    if (!message) throw new Error(`the fence must name a message of the contract, not "${info}"`);
    for (const json of language === "jsonl" ? text.trim().split("\n") : [text]) expectMessage(message, json);
  });

  it.each(blocks("sh").filter(([, { text }]) => text.includes("curl")))(
    "%s calls an existing RPC with a valid message",
    (_, { text }) => {
      for (const line of text.replaceAll("\\\n", " ").split("\n")) {
        if (!/\b(?:buf curl|grpcurl)\b/.test(line)) continue;
        const [, named = SERVICE, method] = /\b(ate\.[\w.]+|grpc\.[\w.]+)?\/(\w+)\s*$/.exec(line) ?? [];
        const rpc = registry.getService(named)?.methods.find(({ name }) => name === method);
        if (!rpc) throw new Error(`no such RPC: ${line}`);
        const [, data] = /-d '([^']+)'/.exec(line) ?? [];
        if (data !== undefined) expectMessage(rpc.input, data);
      }
    },
  );

  it("in TypeScript compile with the strict flags of the project", { timeout: SLOW_MS }, () => {
    const sources = blocks("ts").map(([name, { text }]) => [join(ROOT, `${slug(name)}.ts`), text] as const);
    expect(sources.length).toBeGreaterThan(0);
    expect(compileErrorsIn(new Map(sources))).toEqual([]);
  });

  it.each(blocks("ts").filter(([name]) => name.startsWith("README.md")))(
    "%s runs and prints the output that is shown",
    { timeout: SLOW_MS },
    async (name, block) => {
      const folder = join(ROOT, "dist-test", `docs-${process.pid}`);
      mkdirSync(folder, { recursive: true });
      onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
      const file = join(folder, `${slug(name)}.mjs`);
      const options = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
      const { outputText } = ts.transpileModule(block.text, { compilerOptions: options });
      writeFileSync(file, outputText.replaceAll("127.0.0.1:50051", server.address));
      const { stdout } = await promisify(execFile)(process.execPath, [file], { timeout: SLOW_MS / 2 });
      expect(stdout).toBe(shownAfter(block));
    },
  );
});

describe("links", () => {
  it("resolve", () => {
    const broken = DOCUMENTS.flatMap((document) => {
      const prose = read(document)
        .replaceAll(FENCES, "")
        .replaceAll(/`[^`]+`/g, "");
      return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = ""]) => target)
        .filter((target) => !target.startsWith("https:") && !resolves(document, target))
        .map((target) => `${document}: ${target}`);
    });
    expect(broken).toEqual([]);
  });
});

describe.skipIf(!existsSync(join(ROOT, ".git")))("the committed files", () => {
  it("contain no path of a machine and no host of a registry", { timeout: SLOW_MS }, () => {
    const forbidden = [
      /(?<![\w.}-])\/(?:home|Users|root|work|mnt|private)\//,
      /\b(?:registry|artifactory|nexus|verdaccio|goproxy|pypi|proxy\.golang)\.(?:[\w-]+\.)*(?:org|com|net|io|dev)\b/,
    ];
    const list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    const files = execFileSync("git", list, { cwd: ROOT, encoding: "utf8" }).split("\0");
    const found = files
      .filter((name) => name !== "" && !name.startsWith("third_party/") && existsSync(join(ROOT, name)))
      .flatMap((name) =>
        read(name)
          .split("\n")
          .flatMap((line, i) =>
            forbidden.some((pattern) => pattern.test(line))
              ? [`${name}:${i + 1}: ${line.slice(0, 200)}`]
              : [],
          ),
      );
    expect(found).toEqual([]);
  });
});

function read(name: string): string {
  return readFileSync(join(ROOT, name), "utf8");
}

/** The paths of all files below a folder, relative to the root. */
function names(folder: string): readonly string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
    .map((name) => posix.join(folder, name))
    .filter((name) => !/\b(?:node_modules|dist)\//.test(name))
    .sort();
}

function blocksOf(document: string): readonly Block[] {
  const text = read(document);
  return [...text.matchAll(/^```(\w*) ?([^\n]*)\n(.*?)^```$/gms)].map((match) => {
    const [, language = "", info = "", inside = ""] = match;
    const line = text.slice(0, match.index).split("\n").length;
    return { name: `${document}:${line}`, language, info, text: inside };
  });
}

/** The first block of the README that contains these words. */
function blockWith(words: string): Block {
  const block = blocksOf("README.md").find(({ text }) => text.includes(words));
  if (!block) throw new Error(`the README has no block with "${words}"`);
  return block;
}

/** The blocks of the guides in these languages, each with its document and line. */
function blocks(...languages: readonly string[]): readonly (readonly [name: string, block: Block])[] {
  return GUIDES.flatMap(blocksOf)
    .filter(({ language }) => languages.includes(language))
    .map((block) => [block.name, block]);
}

/** The output shown for a block: the text block after it. */
function shownAfter(block: Block): string {
  const all = blocksOf("README.md");
  const next = all[all.findIndex(({ name }) => name === block.name) + 1];
  if (next?.language !== "text") throw new Error(`${block.name}: a text block must show what it prints`);
  return next.text;
}

/** Blocks and inline code of a document. */
function codeOf(document: string): string {
  const text = read(document);
  const inline = [...text.replaceAll(FENCES, "").matchAll(/`([^`]+)`/g)];
  const snippets = inline.map(([, code = ""]) => code.replaceAll("\n", " "));
  return [...blocksOf(document).map((block) => block.text), ...snippets].join("\n");
}

function expectMessage(message: DescMessage, json: string): void {
  expect(() => fromJson(message, JSON.parse(json) as JsonValue, { registry }), json).not.toThrow();
}

function resolves(document: string, target: string): boolean {
  const [path = "", anchor] = target.split("#");
  const name = path === "" ? document : posix.join(dirname(document), path);
  if (!existsSync(join(ROOT, name))) return false;
  if (anchor === undefined) return true;
  return [...read(name).matchAll(/^#+ (.+)$/gm)].some(([, heading = ""]) => slug(heading) === anchor);
}

function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, "")
    .replaceAll(" ", "-");
}

function withoutTimes(text: string): string {
  return text.replaceAll(/\s+[\d.]+ ms\b/g, " # ms");
}

/** Compiles sources that exist only in memory. @returns one line per compile error. */
function compileErrorsIn(sources: ReadonlyMap<string, string>): readonly string[] {
  const config = ts.getParsedCommandLineOfConfigFile(
    join(ROOT, "tsconfig.json"),
    {},
    {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
        throw new Error(String(messageText));
      },
    },
  );
  const { rootDir: _, outDir: __, tsBuildInfoFile: ___, ...options } = config?.options ?? {};
  const compilerOptions = {
    ...options,
    noEmit: true,
    composite: false,
    incremental: false,
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(compilerOptions);
  const { fileExists, readFile } = host;
  host.fileExists = (file) => sources.has(file) || fileExists(file);
  host.readFile = (file) => sources.get(file) ?? readFile(file);
  const program = ts.createProgram([...sources.keys()], compilerOptions, host);
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const { line } = file?.getLineAndCharacterOfPosition(start ?? 0) ?? { line: 0 };
    return `${file?.fileName ?? ""}:${line + 1}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`;
  });
}

async function helpOf(...command: readonly string[]): Promise<string> {
  const help = run([...command, "--help"]);
  expect(await help.exitCode).toBe(0);
  return help.output();
}

/** A command line, run in this process. */
function run(args: readonly string[]) {
  const stop = new AbortController();
  const output = { stdout: "", stderr: "" };
  const sink = (to: keyof typeof output) =>
    new Writable({
      write: (chunk: Buffer, _, done) => {
        output[to] += stripVTControlCharacters(chunk.toString());
        done();
      },
    });
  const exitCode = runCli(args, {
    stdin: (async function* () {})(),
    stdout: sink("stdout"),
    stderr: sink("stderr"),
    environment: { ATE_DISPATCHER_ADDRESS: server.address },
    stop: stop.signal,
    atExit: () => undefined,
  });
  return {
    exitCode,
    output: () => output.stdout,
    prints: (words: string) => expect.poll(() => output.stderr, POLL_OPTIONS).toContain(words),
    async stop(): Promise<number> {
      stop.abort(new Stop(0, "the test is over"));
      return exitCode;
    },
  };
}
