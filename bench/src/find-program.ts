import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Debian puts servers where the PATH of a plain user does not lead. */
const FURTHER = ["/usr/sbin", "/usr/local/sbin"];

/**
 * Finds a program on the PATH, or where a variable of the environment says that it is.
 *
 * @returns its path, or undefined if it is not there or may not be run.
 */
export function findProgram(name: string, variable: string): string | undefined {
  const named = process.env[variable];
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...FURTHER];
  const paths = named ? [named] : folders.filter(Boolean).map((folder) => join(folder, name));
  return paths.find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
