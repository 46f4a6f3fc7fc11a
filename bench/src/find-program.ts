import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** Where Debian installs servers; not on the PATH of every user. */
const MORE_FOLDERS = ["/usr/sbin", "/usr/local/sbin"];

/**
 * Finds a program by an environment variable that holds its path, else on the PATH.
 *
 * @returns its path, or undefined if it does not exist or is not executable.
 */
export function findProgram(name: string, variable: string): string | undefined {
  const named = process.env[variable];
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), ...MORE_FOLDERS];
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
