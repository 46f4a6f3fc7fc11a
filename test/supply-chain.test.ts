/** What users install: versions without known advisories, no script that must run, and a list of everything. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { ROOT } from "./support/root.js";

interface Locked {
  readonly version?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
}

const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const LOCK = JSON.parse(read("package-lock.json")) as { readonly packages: Readonly<Record<string, Locked>> };

/** The lowest version without known advisories, and the advisory that the floor is for. */
type Floors = Readonly<Record<string, readonly [version: string, advisory: string]>>;

const NPM: Floors = {
  // 1.14.4 fixes the two crashes by one frame; 1.14.7 is the first that the fuzzer of frames has not ended.
  "@grpc/grpc-js": ["1.14.7", "CVE-2026-48068, CVE-2026-48069, CVE-2024-37168"],
  protobufjs: ["7.5.6", "CVE-2026-44291"],
};
const GO: Floors = {
  "google.golang.org/grpc": ["1.79.3", "CVE-2026-33186, CVE-2023-44487"],
  "google.golang.org/protobuf": ["1.33.0", "CVE-2024-24786"],
  "golang.org/x/net": ["0.38.0", "CVE-2025-22872, CVE-2023-45288"],
};
/** Of the versions that are tested. pyproject.toml accepts older ones, which SECURITY.md says. */
const PYTHON: Floors = {
  grpcio: ["1.65.4", "CVE-2024-7246"],
  protobuf: ["6.31.1", "CVE-2025-4565"],
};

describe("no version is older than a fix of an advisory", () => {
  it.each(Object.entries(NPM))("npm: %s", (name, [floor]) => {
    const copies = Object.entries(LOCK.packages).filter(([path]) => path.endsWith(`node_modules/${name}`));

    expect(copies).not.toEqual([]);
    for (const [path, { version }] of copies) expect([path, isAtLeast(version, floor)]).toEqual([path, true]);
  });

  it("npm: @grpc/grpc-js, in the range that the client accepts", () => {
    const { dependencies } = JSON.parse(read("clients/typescript/package.json")) as {
      readonly dependencies: Readonly<Record<string, string>>;
    };
    const lowest = dependencies["@grpc/grpc-js"]?.replace(/^\^/, "");

    expect(isAtLeast(lowest, NPM["@grpc/grpc-js"]?.[0] ?? "")).toBe(true);
  });

  it.each(Object.entries(GO))("Go: %s", (name, [floor]) => {
    const version = new RegExp(`^\t${name} v(\\S+)`, "m").exec(read("clients/go/go.mod"))?.[1];

    expect(isAtLeast(version, floor)).toBe(true);
  });

  it.each(Object.entries(PYTHON))("Python: %s", (name, [floor]) => {
    const version = new RegExp(`^${name}==(\\S+)`, "m").exec(
      read("clients/python/requirements-dev.txt"),
    )?.[1];

    expect(isAtLeast(version, floor)).toBe(true);
  });
});

it("a version that is older, equal or newer is told apart", () => {
  expect(["1.14.6", "1.9.15", "1.14.7", "1.15.0", "2.0.0"].map((one) => isAtLeast(one, "1.14.7"))).toEqual([
    ...[false, false, true, true, true],
  ]);
  expect(isAtLeast(undefined, "1.0.0")).toBe(false);
});

it("nothing that is needed at run time runs a script when it is installed", () => {
  const scripted = Object.entries(LOCK.packages).filter(
    ([, { dev, devOptional, hasInstallScript }]) => hasInstallScript && !dev && !devOptional,
  );

  // Its script compares version numbers and may print a warning. It writes nothing, so the server runs without it.
  expect(scripted.map(([path]) => path)).toEqual(["node_modules/protobufjs"]);
  const script = read("node_modules/protobufjs/scripts/postinstall.js");
  const modules = [...script.matchAll(/require\(([^)]*)\)/g)].map(([, name]) => name);
  expect(modules.slice(0, 2)).toEqual(['"path"', '"fs"']);
  expect(script.match(/\bfs\.\w+/g)).toEqual(["fs.readFileSync"]);
  expect(script).not.toMatch(/child_process|https?\b|eval|import\(/);
});

it("scripts/sbom.mjs lists what is installed, in CycloneDX, without development dependencies", () => {
  const folder = mkdtempSync(join(tmpdir(), "ate-sbom-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  execFileSync(process.execPath, [join(ROOT, "scripts/sbom.mjs"), folder]);
  const namesIn = (name: string): readonly string[] => {
    const bom = JSON.parse(readFileSync(join(folder, `${name}.cdx.json`), "utf8")) as {
      readonly bomFormat: string;
      readonly components: readonly { readonly name: string; readonly purl: string }[];
    };
    expect(bom.bomFormat).toBe("CycloneDX");
    for (const { purl } of bom.components) expect(purl).toMatch(/^pkg:(npm|golang|pypi)\/.+@.+/);
    return bom.components.map((one) => one.name);
  };

  const { dependencies } = JSON.parse(read("package.json")) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  const direct = Object.keys(dependencies).filter((name) => name !== "ate-dispatcher-client");
  expect(namesIn("npm")).toEqual(expect.arrayContaining([...direct, "protobufjs", "sonic-boom"]));
  for (const name of ["vitest", "typescript", "@nats-io/nats-core"])
    expect(namesIn("npm")).not.toContain(name);
  expect(namesIn("go")).toContain("google.golang.org/grpc");
  expect(namesIn("python")).toEqual(["grpcio", "protobuf", "typing-extensions"]);
});

/** Compares versions of numbers. @returns false without a version. */
function isAtLeast(version: string | undefined, floor: string): boolean {
  if (version === undefined) return false;
  const numbers = version.split(".").map(Number);
  for (const [index, least] of floor.split(".").map(Number).entries()) {
    const number = numbers[index] ?? 0;
    if (number !== least) return number > least;
  }
  return true;
}
