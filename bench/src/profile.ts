/** Profiles our server: writes a CPU profile for each work and prints its top entries. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmdirSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { FIGURES } from "./figures.js";
import type { Options } from "./options.js";
import { OURS } from "./peers.js";
import { type CpuProfile, describeProfile } from "./profile-summary.js";
import { fromProject } from "./project.js";
import { cellsOf } from "./rounds.js";
import { takeSample } from "./sample.js";
import { whole } from "./table.js";

const FOLDER = fileURLToPath(fromProject("bench/dist/profiles"));
/** A profile needs more time than a sample to have enough ticks in every hot function. */
const MEASURE_FACTOR = 3;

/** Takes one sample for each work and peer of ours. */
export async function runProfile(options: Options): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  for (const { work, peer } of cellsOf(options).filter(({ peer }) => OURS.includes(peer))) {
    const folder = mkdtempSync(join(FOLDER, "run-"));
    const measureMs = options.measureMs * MEASURE_FACTOR;
    const measurement = await takeSample(peer, work, {
      warmupMs: options.warmupMs,
      measureMs,
      nodeFlags: ["--cpu-prof", "--cpu-prof-dir", folder],
    });
    const [file] = readdirSync(folder);
    if (file === undefined) throw new Error("the server wrote no profile");
    const path = join(FOLDER, `${`${work.name} ${peer.name}`.replace(/[^a-z0-9]+/g, "-")}.cpuprofile`);
    renameSync(join(folder, file), path);
    rmdirSync(folder);
    const rate = measurement.deliveriesPerSecond;
    const speed =
      rate === undefined ? "" : `, ${whole(rate)} ${FIGURES.deliveriesPerSecond.title} under the profiler`;
    console.log(`${work.name}, ${peer.title}${speed}\n${relative(process.cwd(), path)}\n`);
    console.log(`${describeProfile(JSON.parse(readFileSync(path, "utf8")) as CpuProfile, measureMs)}\n`);
  }
}
