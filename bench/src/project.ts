/** A file of the project, which is two levels above this file and above its compiled form. */
export function fromProject(path: string): URL {
  return new URL(`../../${path}`, import.meta.url);
}
