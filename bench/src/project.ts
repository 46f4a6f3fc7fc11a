/** A file of the project; the compiled benchmark lies three levels below it. */
export function fromProject(path: string): URL {
  return new URL(`../../../${path}`, import.meta.url);
}
